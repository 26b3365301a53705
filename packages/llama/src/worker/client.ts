import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { RedQueenError } from '@redqueen/core';
import type { SamplingChoice } from '../engine/sampling-path.ts';
import type { AnswerMessage } from './messages.ts';
import type { DeviceReport, PolicyDevice } from './protocol.ts';

/** How to start a device. */
export interface DeviceOptions {
  /** The base model, a GGUF file. */
  readonly modelPath: string;
  /** Lanes: single-threaded backends that compute at once. Not more than there are free cores. */
  readonly threads: number;
  /** How to sample; "auto", by the model, where left out. */
  readonly sampling?: SamplingChoice;
  /** Called when the child ends without having been closed, with what is known of the cause. */
  readonly onExit?: (reason: string) => void;
}

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

  constructor(threads: number, onExit: (reason: string) => void) {
    // Parent's flags (test runners, loaders) must not leak into the child; libuv's pool carries file work beside koffi's own threads.
    this.process = fork(entry, [], {
      serialization: 'advanced',
      execArgv: ['--max-semi-space-size=8'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...inherited(), UV_THREADPOOL_SIZE: String(threads + 2) },
    });
    this.process.on('message', (message) => this.#settle(message as AnswerMessage));
    this.#ended = new Promise((resolve) => {
      const end = (reason: string): void => {
        if (this.#gone !== null) return;
        this.#gone = reason;
        for (const { reject } of this.#pending.values()) reject(this.#unavailable());
        this.#pending.clear();
        onExit(reason);
        resolve();
      };
      this.process.on('error', (error) => end(error.message));
      this.process.on('exit', (code, signal) => end(signal === null ? `exit code ${code}` : `signal ${signal}`));
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

  async close(): Promise<void> {
    if (this.process.connected) this.process.disconnect();
    await this.#ended;
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
  const { modelPath, threads, sampling = 'auto' } = options;
  let closing = false;
  let child = begin();
  function begin(): Child {
    return new Child(threads, (reason) => {
      if (!closing) options.onExit?.(reason);
    });
  }
  async function open(): Promise<DeviceReport> {
    try {
      return await child.call<DeviceReport>('open', [{ modelPath, threads, sampling }]);
    } catch (error) {
      closing = true;
      await child.close();
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
      await child.close();
      closing = false;
      child = begin();
      return open();
    },
    async close() {
      closing = true;
      await child.close();
    },
    open: (request) => child.call('open', [request]),
    createAgent: (...parameters) => child.call('createAgent', parameters),
    removeAgent: (...parameters) => child.call('removeAgent', parameters),
    loadVersion: (...parameters) => child.call('loadVersion', parameters),
    dropVersion: (...parameters) => child.call('dropVersion', parameters),
    generate: (request) => child.call('generate', [request]),
    score: (request) => child.call('score', [request]),
    train: (request) => child.call('train', [request]),
    exportAgent: (agent) => child.call('exportAgent', [agent]),
    restoreAgent: (...parameters) => child.call('restoreAgent', parameters),
    report: () => child.call('report', []),
  };
}
