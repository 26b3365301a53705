import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { RedQueenError } from '@redqueen/core';
import type { AnswerMessage, BeatMessage, CancelMessage } from './messages.ts';
import type { DeviceReport, OpenOptions, PolicyDevice } from './protocol.ts';
import { type Watch, watch } from './watchdog.ts';

/** How to start a device. */
export interface DeviceOptions extends OpenOptions {
  /**
   * Milliseconds without a sign of life after which the child is killed; 60 000 where missing. Computing is no hang: it leaves the child's event
   * loop free to answer.
   */
  readonly hangMs?: number;
  /** The same while the model is loaded, which does block the child; 600 000 where missing. */
  readonly openMs?: number;
  /** What a child is given to end by itself when it is closed, before it is killed; 5 000 where missing. */
  readonly closeMs?: number;
  /** Called when the child ends without having been closed, with what is known of the cause. */
  readonly onExit?: (reason: string) => void;
}

const defaultHangMs = 60_000;
const defaultOpenMs = 600_000;
const defaultCloseMs = 5000;

/** A device in a child process. Its agents and versions live as long as the child does. */
export interface DeviceHandle extends PolicyDevice {
  /** Process id of the child; undefined while there is none. */
  readonly pid: number | undefined;
  /** Starts a fresh child with the same model after the old one ended. Agents and versions have to be created again. */
  restart(): Promise<DeviceReport>;
  /** Ends the child and waits until it is gone. */
  close(): Promise<void>;
}

interface Pending {
  readonly resolve: (value: never) => void;
  readonly reject: (reason: RedQueenError) => void;
}

const entry = fileURLToPath(new URL('./main.ts', import.meta.url));

/** One life of the child process. */
class Child {
  readonly process: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  readonly #ended: Promise<void>;
  #calls = 0;
  #gone: string | null = null;
  #hung: string | null = null;
  #watch: Watch | null = null;

  constructor(threads: number, onExit: (reason: string) => void) {
    // Parent's flags (test runners, loaders) must not leak into the child; libuv's pool carries file work beside koffi's own threads.
    this.process = fork(entry, [], {
      serialization: 'advanced',
      execArgv: ['--max-semi-space-size=8'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...inherited(), UV_THREADPOOL_SIZE: String(threads + 2) },
    });
    this.process.on('message', (message) => {
      this.#watch?.answered();
      if (!('beat' in (message as AnswerMessage | BeatMessage))) this.#settle(message as AnswerMessage);
    });
    this.#ended = new Promise((resolve) => {
      const end = (reason: string): void => {
        if (this.#gone !== null) return;
        this.#gone = reason;
        this.#watch?.stop();
        for (const { reject } of this.#pending.values()) reject(this.#unavailable());
        this.#pending.clear();
        onExit(reason);
        resolve();
      };
      this.process.on('error', (error) => end(error.message));
      this.process.on('exit', (code, signal) => end(this.#hung ?? (signal === null ? `exit code ${code}` : `signal ${signal}`)));
    });
  }

  get alive(): boolean {
    return this.#gone === null;
  }

  call<Result>(method: keyof PolicyDevice, parameters: readonly unknown[]): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      if (this.#gone !== null) {
        reject(this.#unavailable());
        return;
      }
      const call = this.#calls++;
      this.#pending.set(call, { resolve: resolve as (value: never) => void, reject });
      this.process.send({ call, method, parameters }, (error) => {
        if (error !== null && this.#pending.delete(call)) reject(this.#unavailable());
      });
    });
  }

  /** As `call`; once the signal aborts, it rejects with its reason and the child gives up the work. */
  async cancellable<Result>(method: keyof PolicyDevice, parameters: readonly unknown[], signal: AbortSignal | undefined): Promise<Result> {
    signal?.throwIfAborted();
    const call = this.#calls;
    const answer = this.call<Result>(method, parameters);
    if (signal === undefined) return answer;
    const cancel = (): void => {
      const pending = this.#pending.get(call);
      if (pending === undefined || !this.#pending.delete(call)) return;
      pending.reject(RedQueenError.from(signal.reason));
      // Where the channel is gone, so is the work.
      this.process.send({ cancel: call } satisfies CancelMessage, () => undefined);
    };
    signal.addEventListener('abort', cancel, { once: true });
    return answer.finally(() => signal.removeEventListener('abort', cancel));
  }

  /** Kills the process when it gives no sign of life for so long. */
  watch(limitMs: number): void {
    this.#watch?.stop();
    if (this.#gone !== null) return;
    // A stopped process takes the beat without an error; a dead one's error is told by its exit.
    const beat = (): void => void this.process.send({ beat: true }, () => undefined);
    this.#watch = watch(limitMs, beat, () => {
      this.#hung = `no sign of life for ${limitMs / 1000} s, killed`;
      this.process.kill('SIGKILL');
    });
  }

  async close(closeMs = defaultCloseMs): Promise<void> {
    if (this.process.connected) this.process.disconnect();
    const timer = setTimeout(() => this.process.kill('SIGKILL'), closeMs);
    await this.#ended;
    clearTimeout(timer);
  }

  #settle(message: AnswerMessage): void {
    const pending = this.#pending.get(message.call);
    this.#pending.delete(message.call);
    if ('error' in message) pending?.reject(new RedQueenError(message.error.code, message.error.message));
    else pending?.resolve(message.value as never);
  }

  #unavailable(): RedQueenError {
    return new RedQueenError(
      'unavailable',
      `device: the llama.cpp process ended (${this.#gone ?? 'channel closed'}); restart it and create its agents again`,
    );
  }
}

/** The parent's environment as it is: the child needs PATH, HOME and the loader's variables. */
function inherited(): NodeJS.ProcessEnv {
  return process.env;
}

/**
 * Starts a device: forks the native child and opens the model. Calls reject with `unavailable` once the child has died; `restart` begins anew.
 * Throws what `open` throws, with the child ended.
 */
export async function startDevice(options: DeviceOptions): Promise<DeviceHandle> {
  const { onExit: _, closeMs, hangMs = defaultHangMs, openMs = defaultOpenMs, ...wanted } = options;
  let closing = false;
  let child = begin();
  function begin(): Child {
    return new Child(options.threads, (reason) => {
      if (!closing) options.onExit?.(reason);
    });
  }
  async function open(): Promise<DeviceReport> {
    try {
      child.watch(openMs);
      const report = await child.call<DeviceReport>('open', [wanted]);
      child.watch(hangMs);
      return report;
    } catch (error) {
      closing = true;
      await child.close(closeMs);
      throw error;
    }
  }
  await open();
  return {
    get pid() {
      return child.alive ? child.process.pid : undefined;
    },
    async restart() {
      closing = true;
      await child.close(closeMs);
      closing = false;
      child = begin();
      return open();
    },
    async close() {
      closing = true;
      await child.close(closeMs);
    },
    open: (request) => child.call('open', [request]),
    createAgent: (...parameters) => child.call('createAgent', parameters),
    removeAgent: (...parameters) => child.call('removeAgent', parameters),
    loadVersion: (...parameters) => child.call('loadVersion', parameters),
    dropVersion: (...parameters) => child.call('dropVersion', parameters),
    generate: (request, signal) => child.cancellable('generate', [request], signal),
    score: (request) => child.call('score', [request]),
    train: (request) => child.call('train', [request]),
    exportAgent: (agent) => child.call('exportAgent', [agent]),
    restoreAgent: (...parameters) => child.call('restoreAgent', parameters),
    report: () => child.call('report', []),
  };
}
