import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder, findNatsServer, processEnvironment } from '@redqueen/runtime';
import { within } from './within.ts';

/** A nats-server of a test's own. */
export interface TestNats {
  /** nats://127.0.0.1:port; the same after a restart. */
  readonly url: string;
  /** SIGKILL: as when the machine takes it away. */
  kill(): Promise<void>;
  /** Stops it from answering, without ending it. */
  pause(): void;
  /** Lets a paused one go on. */
  resume(): void;
  /** Starts it again on the same store and port. */
  restart(): Promise<void>;
  /** Ends it and removes its store. */
  close(): Promise<void>;
}

/** What to change of a test's server. */
export interface TestNatsOptions {
  /** False: without JetStream, as Debian's own service runs it. */
  readonly jetStream?: boolean;
}

/** Servers that still run: none may outlive the tests. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a real nats-server on a free port, with a store that is removed again. Throws where there is no nats-server. */
export async function startTestNats(options: TestNatsOptions = {}): Promise<TestNats> {
  const environment = processEnvironment();
  const program = findNatsServer({ named: environment['NATS_SERVER_BIN'] ?? '', environment, cacheFolder: cacheFolder(environment) });
  if (!program) throw new Error('this test needs a nats-server: apt-get install nats-server');
  const folder = mkdtempSync(join(tmpdir(), 'redqueen-nats-'));
  const jetStream = options.jetStream === false ? [] : ['-js', '-sd', join(folder, 'store')];
  let [child, url] = await launch(program, folder, -1, jetStream);
  const port = Number(new URL(url).port);
  return {
    url,
    kill: () => end(child, 'SIGKILL'),
    pause: () => pause(child),
    resume: () => void child.kill('SIGCONT'),
    restart: async () => {
      [child, url] = await launch(program, folder, port, jetStream);
    },
    close: async () => {
      child.kill('SIGCONT');
      await end(child, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Returns once every thread has really stopped: the signal alone lets one that is running finish what it is at. */
function pause(child: ChildProcess): void {
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

async function launch(program: string, folder: string, port: number, extra: readonly string[]): Promise<[ChildProcess, string]> {
  const ports = mkdtempSync(join(folder, 'ports-'));
  const written = portsWritten(ports);
  const child = spawn(program, ['-a', '127.0.0.1', '-p', `${port}`, '--ports_file_dir', ports, ...extra], { stdio: 'ignore' });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return [child, await within(written, 'nats-server to listen')];
}

/** The server writes its address into a file once it listens. */
function portsWritten(folder: string): Promise<string> {
  return new Promise((resolve) => {
    const watcher = watch(folder, () => {
      const url = readPorts(folder);
      if (url === undefined) return;
      watcher.close();
      resolve(url);
    });
  });
}

function readPorts(folder: string): string | undefined {
  const file = readdirSync(folder).find((name) => name.endsWith('.ports'));
  if (!file) return undefined;
  try {
    return (JSON.parse(readFileSync(join(folder, file), 'utf8')) as { nats: string[] }).nats[0];
  } catch {
    // Half written; the next change tells again.
    return undefined;
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}
