import { RedQueenError, type Clock } from '@redqueen/core';
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { processEnvironment } from '../config/environment.ts';
import { endLeftOver } from './left-over.ts';
import { probeNats } from './probe.ts';
import { serverConfig, serverFiles, type ServerFiles } from './server-config.ts';

/** What to start. */
export interface NatsServerOptions {
  /** The nats-server program. */
  readonly program: string;
  /** The cluster's data folder; the server keeps its own in `nats/` there. */
  readonly dataDir: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly clock: Clock;
}

/** A nats-server that this process started. */
export interface NatsServer {
  /** nats://127.0.0.1:port. */
  readonly url: string;
  readonly port: number;
  /** Its process, or that of the shell that watches over it. */
  readonly pid: number | undefined;
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Ends it in order. Resolves once it is gone. */
  stop(): Promise<void>;
}

const readyTimeoutMs = 30_000;

/**
 * Runs the server and ends it at the word "stop" on standard input, or some seconds after that has closed: also when this process is killed,
 * no server is left behind, and those who lost their launcher with it have time to finish. Linux, macOS and the BSDs have no call
 * in common for that; they have a shell in common. One that does not end when told is killed: a full disk can leave it stuck.
 */
const guard = `
exec 3<&0
"$@" 3<&- </dev/null & server=$!
{ read -r word <&3; [ "$word" = stop ] || sleep 5; kill -TERM $server; sleep 8; kill -KILL $server; } >/dev/null 2>&1 & keeper=$!
wait $server; code=$?
kill $keeper
exit $code`;

/** Go's collector lets the heap double before it looks; with a goal it keeps the server small. Not a hard limit: more is taken where more is alive. */
const memoryGoal = { GOMEMLIMIT: '96MiB' };

function spawnServer(program: string, files: ServerFiles): ChildProcess {
  const log = openSync(files.log, 'a');
  try {
    const words = [program, '-c', files.config];
    // Detached: Ctrl-C at a terminal must reach the launcher alone, which stops the server last.
    const options: SpawnOptions = { stdio: ['pipe', log, log], detached: true, env: { ...memoryGoal, ...processEnvironment() } };
    if (process.platform === 'win32') return spawn(program, words.slice(1), options);
    return spawn('/bin/sh', ['-c', guard, 'sh', ...words], options);
  } finally {
    closeSync(log);
  }
}

/** The address in the ports file, which the server writes once it listens. */
function addressIn(folder: string): string | undefined {
  const name = readdirSync(folder).find((file) => file.endsWith('.ports'));
  if (name === undefined) return undefined;
  try {
    const ports = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { nats?: string[] };
    return ports.nats?.[0];
  } catch {
    // Half written: look again.
    return undefined;
  }
}

/** The newest complaint in the server's log. */
function complaint(files: ServerFiles): string {
  const lines = readFileSync(files.log, 'utf8').trim().split('\n');
  return lines.findLast((line) => /\[(ERR|FTL)\]|nats-server:/.test(line)) ?? lines.at(-1) ?? 'it said nothing';
}

async function whenReady(files: ServerFiles, clock: Clock, hasEnded: () => boolean): Promise<string> {
  const until = clock.now() + readyTimeoutMs;
  while (!hasEnded()) {
    const url = addressIn(files.ports);
    const info = url === undefined ? undefined : await probeNats(url, 2000).catch(() => undefined);
    if (url !== undefined && info?.jetstream) return url;
    if (clock.now() > until)
      throw new RedQueenError('unavailable', `nats-server was not ready within ${readyTimeoutMs / 1000} s; see ${files.log}`);
    await clock.sleep(10);
  }
  throw new RedQueenError('failed_precondition', `nats-server ended at its start: ${complaint(files)}; see ${files.log}`);
}

function prepare(files: ServerFiles, port: number): void {
  rmSync(files.ports, { recursive: true, force: true });
  for (const folder of [files.store, files.ports, dirname(files.log)]) mkdirSync(folder, { recursive: true });
  writeFileSync(files.config, serverConfig(files, port));
}

/**
 * Starts a nats-server with JetStream on the data folder, once a left-over one of a killed launcher is gone. Ready in about 30 ms.
 * Throws `failed_precondition` with the server's own complaint where it does not come up.
 */
export async function startNatsServer(options: NatsServerOptions): Promise<NatsServer> {
  const files = serverFiles(options.dataDir);
  await endLeftOver(files, options.clock);
  prepare(files, options.port);
  const child = spawnServer(options.program, files);
  // The server may be gone before it is told to stop.
  child.stdin?.on('error', () => {});
  let hasEnded = false;
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      hasEnded = true;
      // Where the guard was killed and not the server, this ends the server.
      child.stdin?.end('stop\n');
      resolve();
    };
    child.once('exit', end);
    child.once('error', end);
  });
  const stop = async () => {
    if (process.platform === 'win32') child.kill();
    else child.stdin?.end('stop\n');
    await ended;
    rmSync(files.pid, { force: true });
  };
  try {
    const url = await whenReady(files, options.clock, () => hasEnded);
    return { url, port: Number(new URL(url).port), pid: child.pid, ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
