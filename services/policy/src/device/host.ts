import { RedQueenError, type Clock } from '@redqueen/core';
import type { DeviceReport, PolicyDevice, SamplingChoice } from '@redqueen/llama';
import type { Logger } from '@redqueen/runtime';

/** A native child process with the device in it. */
export interface DeviceProcess {
  readonly device: PolicyDevice;
  /** What it is, once its model was open. */
  readonly report: DeviceReport;
  /** Process id, for people. */
  readonly pid: number | undefined;
  /** Resolves with the reason once the process has ended, in order or not. */
  readonly exited: Promise<string>;
  close(): Promise<void>;
}

/** The device that runs now. */
export interface RunningDevice {
  readonly device: PolicyDevice;
  /** Goes up by one with every start: what an earlier child had loaded is gone. */
  readonly generation: number;
  readonly report: DeviceReport;
  readonly pid: number | undefined;
}

/** What a device is started with. */
export interface DeviceStart {
  readonly modelPath: string;
  readonly threads: number;
  /** How it samples; by the model where left out. */
  readonly sampling?: SamplingChoice;
}

/** Starts a child process and opens a base model in it. Throws what says why the model cannot be opened. */
export type StartProcess = (options: DeviceStart) => Promise<DeviceProcess>;

/** How to start a device. */
export interface DeviceHostOptions extends DeviceStart {
  readonly start: StartProcess;
  readonly clock: Clock;
  readonly logger: Logger;
}

const firstPauseMs = 100;
const maxPauseMs = 10_000;
/** A child that lived this long was well; the next pause is short again. */
const wellAfterMs = 30_000;

/**
 * Keeps one native child running on one base model. When the child dies it is started again, with growing pauses; calls in flight fail with
 * `unavailable`. A model that cannot be opened ends it for good: `running` then throws the reason.
 */
export class DeviceHost {
  readonly #options: DeviceHostOptions;
  readonly #ended = new AbortController();
  readonly #kept: Promise<void>;
  #running = Promise.withResolvers<RunningDevice>();
  #process: DeviceProcess | undefined;
  #up = false;
  #failed = false;
  /** Of the child that ran last; 0 before the first. */
  #generation = 0;

  constructor(options: DeviceHostOptions) {
    this.#options = options;
    this.#running.promise.catch(() => {});
    this.#kept = this.#keep();
  }

  get modelPath(): string {
    return this.#options.modelPath;
  }

  /** Whether a child is ready for calls now. */
  get up(): boolean {
    return this.#up;
  }

  /** Whether a child that ran has died and the next one is not ready yet. */
  get lost(): boolean {
    return this.#generation > 0 && !this.#up && !this.#failed;
  }

  /** Whether the model cannot be opened, now or later. */
  get failed(): boolean {
    return this.#failed;
  }

  /** The device, once it is ready. Throws `unavailable` when the host closes, or the reason why the model cannot be opened. */
  async running(signal?: AbortSignal): Promise<RunningDevice> {
    signal?.throwIfAborted();
    if (!signal) return this.#running.promise;
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([this.#running.promise, aborted]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Ends the child. */
  async close(): Promise<void> {
    this.#ended.abort(new RedQueenError('unavailable', 'the policy service is shutting down'));
    await this.#process?.close();
    await this.#kept;
  }

  async #keep(): Promise<void> {
    const { clock, logger } = this.#options;
    const { signal } = this.#ended;
    let failures = 0;
    for (let generation = 1; !signal.aborted; generation++) {
      const startedAt = clock.now();
      try {
        await this.#live(generation);
        if (signal.aborted) break;
      } catch (reason) {
        const error = RedQueenError.from(reason);
        if (signal.aborted) break;
        logger.error({ err: error }, `the device cannot be started: ${error.message}`);
        if (isFinal(error)) return this.#fail(error);
      }
      failures = clock.now() - startedAt > wellAfterMs ? 0 : failures + 1;
      await clock.sleep(Math.min(maxPauseMs, firstPauseMs * 2 ** (failures - 1)), signal).catch(() => {});
    }
    this.#running.reject(signal.reason);
  }

  /** One child from its start to its end. Throws where it does not start. */
  async #live(generation: number): Promise<void> {
    const { modelPath, threads, sampling = 'auto', start, logger } = this.#options;
    const process = await start({ modelPath, threads, sampling });
    this.#process = process;
    try {
      // Closed while it started: nobody else would end it.
      if (this.#ended.signal.aborted) return;
      const { device, report, pid } = process;
      logger.info({ ...report, generation, pid }, `device ready: ${report.model} on ${report.threads} thread(s) of ${report.backend}`);
      this.#up = true;
      this.#generation = generation;
      this.#running.resolve({ device, generation, report, pid });
      const reason = await process.exited;
      if (!this.#ended.signal.aborted) logger.error({ generation }, `the device's process ended (${reason}); it is started again`);
    } finally {
      if (this.#up) this.#reset();
      await process.close();
      this.#process = undefined;
    }
  }

  #fail(error: RedQueenError): void {
    this.#failed = true;
    this.#running.reject(error);
  }

  #reset(): void {
    this.#up = false;
    this.#running = Promise.withResolvers<RunningDevice>();
    this.#running.promise.catch(() => {});
  }
}

/** A model file that is wrong stays wrong; anything else may be better at the next start. */
function isFinal(error: RedQueenError): boolean {
  return ['failed_precondition', 'invalid_argument', 'not_found', 'data_loss'].includes(error.code);
}
