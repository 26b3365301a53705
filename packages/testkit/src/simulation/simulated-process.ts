import type { Clock } from '@redqueen/core';
import type { Scheduler } from './scheduler.ts';

/** What is never answered: the asker has been killed. */
export const never = new Promise<never>(() => undefined);

/**
 * A process of the simulated cluster: code whose every answer from outside (of its clock, of the bus) comes in through `enter`.
 * Killed, it gets none any more and has no effects; paused, it gets them all once it goes on.
 */
export class SimulatedProcess {
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  /** How far its wall clock is ahead of the truth, milliseconds. */
  clockAheadMs = 0;
  readonly #backlog: (() => void)[] = [];
  readonly #onKilled: (() => void)[] = [];
  #state: 'running' | 'paused' | 'dead' = 'running';

  constructor(name: string, scheduler: Scheduler) {
    this.name = name;
    this.scheduler = scheduler;
    this.clock = { now: () => Math.floor(scheduler.now + this.clockAheadMs), sleep: (ms, signal) => this.#sleep(ms, signal) };
  }

  get isDead(): boolean {
    return this.#state === 'dead';
  }

  get isPaused(): boolean {
    return this.#state === 'paused';
  }

  /** An answer from outside. */
  enter(answer: () => void): void {
    if (this.#state === 'dead') return;
    // What waited since a pause comes first.
    if (this.#state === 'paused' || this.#backlog.length > 0) this.#backlog.push(answer);
    else answer();
  }

  kill(): void {
    if (this.isDead) return;
    this.scheduler.note(`${this.name} killed`);
    this.#state = 'dead';
    this.#backlog.length = 0;
    for (const callback of this.#onKilled.splice(0)) callback();
  }

  /** As SIGSTOP: time goes on, the process does not. */
  pause(): void {
    if (this.#state !== 'running') return;
    this.scheduler.note(`${this.name} paused`);
    this.#state = 'paused';
  }

  /** As SIGCONT. */
  resume(): void {
    if (this.#state !== 'paused') return;
    this.scheduler.note(`${this.name} resumed`);
    this.#state = 'running';
    this.#goOn();
  }

  /** Calls back when it is killed. */
  onKilled(callback: () => void): void {
    this.#onKilled.push(callback);
  }

  /** What waited comes in one at a time, as an event loop takes it. */
  #goOn(): void {
    if (this.#state !== 'running') return;
    const answer = this.#backlog.shift();
    if (!answer) return;
    answer();
    this.scheduler.after(0, '', () => this.#goOn());
  }

  #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (this.isDead) return never;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const abort = (): void => {
        cancel();
        reject(signal?.reason as Error);
      };
      const wake = (): void => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const cancel = this.scheduler.after(ms, '', () => this.enter(wake));
      signal?.addEventListener('abort', abort, { once: true });
    });
  }
}
