import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  cacheFolder,
  createMemoryBus,
  createNatsBus,
  findNatsServer,
  processEnvironment,
  silentLogger,
  startNatsServer,
  systemClock,
  type Bus,
} from '@redqueen/runtime';

/** A bus over a folder, as long as it is open. */
export interface OpenStore {
  readonly bus: Bus;
  /** SIGKILL where the bus is a process of its own: what it had handed to the operating system is there, nothing was tidied up. */
  kill(): Promise<void>;
}

/** A kind of bus with files that can be damaged while it is down. */
export interface StoreKind {
  readonly name: 'nats' | 'memory';
  /** Throws where the store does not start. */
  open(folder: string): Promise<OpenStore>;
  /** Files that hold the run's messages, and those that hold snapshots; one file where both are in it. */
  files(folder: string, run: string): { readonly ledger: readonly string[]; readonly snapshots: readonly string[] };
}

function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

async function openNats(folder: string): Promise<OpenStore> {
  const environment = processEnvironment();
  const program = findNatsServer({ named: environment['NATS_SERVER_BIN'] ?? '', environment, cacheFolder: cacheFolder(environment) });
  if (!program) throw new Error('this needs a nats-server: apt-get install nats-server');
  const server = await startNatsServer({ program, dataDir: folder, port: 0, clock: systemClock });
  const end = async (): Promise<void> => {
    process.kill(Number(readFileSync(join(folder, 'nats', 'nats-server.pid'), 'utf8')), 'SIGKILL');
    await server.ended;
  };
  try {
    const bus = await createNatsBus({ url: server.url, name: 'tamper', clock: systemClock, logger: silentLogger });
    return { bus, kill: () => bus.close().then(end) };
  } catch (error) {
    await end();
    throw error;
  }
}

async function openMemory(folder: string): Promise<OpenStore> {
  mkdirSync(join(folder, 'bus'), { recursive: true });
  const bus = await createMemoryBus({ clock: systemClock, logger: silentLogger, folder: join(folder, 'bus') });
  return { bus, kill: () => bus.close() };
}

/** Both buses. */
export const storeKinds: readonly StoreKind[] = [
  {
    name: 'nats',
    open: openNats,
    files: (folder, run) => {
      const all = filesIn(join(folder, 'nats', 'jetstream'));
      const of = (stream: string): string[] => all.filter((file) => file.includes(`/streams/${stream}/`) && !file.includes('/obs/'));
      return { ledger: of(`rq-${run}`), snapshots: of('KV_rq-snapshots') };
    },
  },
  {
    name: 'memory',
    open: openMemory,
    files: (folder) => ({ ledger: [join(folder, 'bus', 'bus.journal')], snapshots: [join(folder, 'bus', 'bus.journal')] }),
  },
];

/** A copy of a data folder, in place of whatever was there. */
export function copied(from: string, to: string): string {
  rmSync(to, { recursive: true, force: true });
  const copy = spawnSync('cp', ['-a', '--reflink=auto', from, to]);
  if (copy.status !== 0) cpSync(from, to, { recursive: true });
  return to;
}
