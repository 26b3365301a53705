import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RedQueenError, type Clock } from '@redqueen/core';
import type { ChildMessage } from './messages.ts';
import type { Limits, Outcome } from './outcome.ts';

/** How long the process may take to load the interpreter. */
const startMs = 30_000;
/** How long a batch may take: the second wall, for what the interpreter's own limits do not stop. */
const batchMs = 2000;
const eachMs = 100;

const entry = fileURLToPath(new URL('./child.ts', import.meta.url));

/** All that the process may read: itself and the interpreter. It may not write, start anything, or load native code. */
function readableFolders(): string[] {
  const modules = dirname(dirname(dirname(createRequire(import.meta.url).resolve('quickjs-emscripten'))));
  return [dirname(dirname(entry)), ...['quickjs-emscripten', 'quickjs-emscripten-core', '@jitl'].map((name) => join(modules, name))];
}

/** One life of the process that runs programs. */
export class SandboxProcess {
  readonly #process: ChildProcess;
  readonly #clock: Clock;
  readonly #ended = Promise.withResolvers<string>();
  #next = Promise.withResolvers<ChildMessage>();
  #gone = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#process = fork(entry, [], {
      cwd: '/',
      env: {},
      execArgv: ['--permission', ...readableFolders().map((folder) => `--allow-fs-read=${folder}`), '--max-old-space-size=64'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let complaint = '';
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(0, 2000);
    });
    this.#process.on('message', (message) => this.#next.resolve(message as ChildMessage));
    this.#process.on('error', (error) => this.#end(error.message));
    this.#process.on('exit', (code, signal) => this.#end(`${signal ?? `exit code ${code}`} ${complaint.trim()}`.trim()));
  }

  /** Resolves once programs can be run. Throws `unavailable` with the cause where the process does not start. */
  async start(): Promise<void> {
    await this.#answer(startMs);
  }

  /** Runs programs in order. Throws `unavailable` where the process dies or had to be killed under them. */
  async run(codes: readonly string[], limits: Limits): Promise<readonly Outcome[]> {
    this.#next = Promise.withResolvers();
    if (!this.#gone) this.#process.send({ codes, limits }, () => {});
    const message = await this.#answer(batchMs + eachMs * codes.length);
    return 'outcomes' in message ? message.outcomes : [];
  }

  /** Kills the process and waits until it is gone. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#ended.promise;
  }

  get pid(): number | undefined {
    return this.#gone ? undefined : this.#process.pid;
  }

  #end(reason: string): void {
    this.#gone = true;
    this.#ended.resolve(reason);
  }

  async #answer(deadlineMs: number): Promise<ChildMessage> {
    const timer = new AbortController();
    const late = this.#clock.sleep(deadlineMs, timer.signal).then(
      () => `it did not answer within ${deadlineMs} ms`,
      () => '',
    );
    const first = await Promise.race([this.#next.promise, this.#ended.promise, late]);
    timer.abort();
    if (typeof first !== 'string') return first;
    await this.kill();
    throw new RedQueenError('unavailable', `sandbox: the process that runs programs ended (${first}); the next call starts another one`);
  }
}
