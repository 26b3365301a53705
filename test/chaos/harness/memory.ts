import { readFileSync } from 'node:fs';

const everyMs = 250;

/** Resident memory of a process in MiB; undefined where it is gone. */
function residentMiB(pid: number): number | undefined {
  try {
    const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return line === undefined ? undefined : Number(line) / 1024;
  } catch {
    return undefined;
  }
}

/** Watches the resident memory of processes from now on. */
export class MemoryWatch<Name extends string> {
  readonly #names: readonly Name[];
  readonly #pidOf: (name: Name) => number | undefined;
  readonly #pids = new Map<Name, number | undefined>();
  readonly #first = new Map<Name, number>();
  readonly #most = new Map<Name, number>();
  readonly #ended = new Set<Name>();
  readonly #timer: NodeJS.Timeout;

  constructor(names: readonly Name[], pidOf: (name: Name) => number | undefined) {
    this.#names = names;
    this.#pidOf = pidOf;
    for (const name of names) this.#pids.set(name, pidOf(name));
    this.#look();
    this.#timer = setInterval(() => this.#look(), everyMs);
  }

  /** The most that each grew by, in MiB, and those whose process was replaced meanwhile. */
  stop(): { readonly growth: Readonly<Record<string, number>>; readonly ended: readonly Name[] } {
    clearInterval(this.#timer);
    const growth = this.#names.map((name) => [name, Math.round((this.#most.get(name) ?? 0) - (this.#first.get(name) ?? 0))]);
    return { growth: Object.fromEntries(growth) as Record<string, number>, ended: [...this.#ended] };
  }

  #look(): void {
    for (const name of this.#names) {
      const pid = this.#pidOf(name);
      if (pid !== this.#pids.get(name)) this.#ended.add(name);
      const now = pid === undefined ? undefined : residentMiB(pid);
      if (now === undefined) continue;
      if (!this.#first.has(name)) this.#first.set(name, now);
      this.#most.set(name, Math.max(now, this.#most.get(name) ?? 0));
    }
  }
}
