import { readdirSync, readFileSync } from 'node:fs';

/** Parents of all processes, by process. */
function parents(): Map<number, number> {
  const found = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // The name in brackets may hold anything; what follows it does not.
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8').split(')').at(-1)?.trim().split(' ') ?? [];
      found.set(Number(name), Number(fields[1]));
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

/** A process and everything that it started, directly or not. */
export function familyOf(pid: number): number[] {
  const all = [...parents()];
  const family = [pid];
  for (const member of family) for (const [child, parent] of all) if (parent === member) family.push(child);
  return family;
}

/** SIGKILL for a launcher, its eight services, their children, the nats-server and who watches over it: as when the machine loses its power. Resolves once all are gone. */
export async function killAll(pid: number): Promise<number> {
  const family = familyOf(pid);
  for (const member of family) kill(member);
  const left = (): boolean => family.slice(1).some((member) => parents().has(member));
  while (left()) await new Promise((resolve) => setImmediate(resolve));
  return family.length;
}
