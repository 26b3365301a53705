import { cacheFolder, findNatsServer, processEnvironment } from '@redqueen/runtime';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { within } from './within.ts';

/** Where a server that listens can be reached, as it says itself. */
export interface NatsAddresses {
  /** nats://host:port. */
  readonly nats: string;
  /** http://host:port of its monitoring; undefined where it has none. */
  readonly monitoring: string | undefined;
}

/** A nats-server to start. */
export interface NatsProcessOptions {
  /** Holds what the server writes beside its store. */
  readonly folder: string;
  readonly args: readonly string[];
  /** Words before the program, e.g. to run it in a network namespace. */
  readonly prefix?: readonly string[];
}

/** Servers that still run: none may outlive the tests. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** The nats-server program of this machine. Throws where there is none. */
export function natsProgram(): string {
  const environment = processEnvironment();
  const program = findNatsServer({ named: environment['NATS_SERVER_BIN'] ?? '', environment, cacheFolder: cacheFolder(environment) });
  if (!program) throw new Error('this test needs a nats-server: apt-get install nats-server');
  return program;
}

/** Starts a nats-server and waits until it listens. Throws where it ends at once. */
export async function startNatsProcess({ folder, args, prefix = [] }: NatsProcessOptions): Promise<[ChildProcess, NatsAddresses]> {
  const ports = mkdtempSync(join(folder, 'ports-'));
  const written = portsWritten(ports);
  const words = [...prefix, natsProgram(), '--ports_file_dir', ports, ...args];
  const child = spawn(words[0] as string, words.slice(1), { stdio: 'ignore' });
  running.add(child);
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', (code) => {
      running.delete(child);
      reject(new Error(`nats-server ended with ${code}: ${words.join(' ')}`));
    });
  });
  return [child, await within(Promise.race([written, ended]), 'nats-server to listen')];
}

/** The server writes its addresses into a file once it listens. */
function portsWritten(folder: string): Promise<NatsAddresses> {
  return new Promise((resolve) => {
    const watcher = watch(folder, () => {
      const addresses = readPorts(folder);
      if (addresses === undefined) return;
      watcher.close();
      resolve(addresses);
    });
  });
}

function readPorts(folder: string): NatsAddresses | undefined {
  try {
    const file = readdirSync(folder).find((name) => name.endsWith('.ports'));
    if (!file) return undefined;
    const { nats, monitoring } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Record<string, string[] | undefined>;
    return nats?.[0] === undefined ? undefined : { nats: nats[0], monitoring: monitoring?.[0] };
  } catch {
    // Half written, the next change tells again; or removed because the server did not come up.
    return undefined;
  }
}

/** Stops a process from answering. Returns once every thread has really stopped: the signal alone lets one that is running finish what it is at. */
export function pauseProcess(child: ChildProcess): void {
  child.kill('SIGSTOP');
  const tasks = `/proc/${child.pid}/task`;
  if (!existsSync(tasks)) return;
  const isStopped = (task: string): boolean =>
    / [TtZ] /.test(
      readFileSync(join(tasks, task, 'stat'), 'utf8')
        .split(')')
        .at(-1) ?? '',
    );
  while (!readdirSync(tasks).every(isStopped));
}

/** Ends a process by SIGKILL, also a paused one, and waits until it is gone. */
export async function killProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
