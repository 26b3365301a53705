import { RedQueenError, type Random } from '@redqueen/core';
import { never, type SimulatedProcess } from './simulated-process.ts';

// K1. What is under way in one direction arrives in the order in which it left, as in one TCP connection.
// K2. A connection that is cut loses all that is under way on it, in both directions; what had arrived has had its effect.
// K3. While it is down nothing passes.

/** What may happen to messages between a process and the bus. */
export interface LinkFaults {
  /** Longest time that a message usually travels. */
  readonly delayMs: number;
  /** Share of messages that are held up, and all behind them, for up to `stallMs`. */
  readonly stallRate: number;
  readonly stallMs: number;
  /** Share of requests that get lost, or whose answers do, without the connection being cut: a server that has no leader for a moment. */
  readonly lossRate: number;
}

/** A link that works. */
export const noFaults: LinkFaults = { delayMs: 4, stallRate: 0, stallMs: 0, lossRate: 0 };

/** The `count`-th effect of a kind at which a process is killed: before it has it, or after it but before it learns of it. */
export interface CrashPoint {
  /** Beginning of the effect's name. */
  readonly effect: string;
  readonly when: 'before' | 'after';
  readonly count: number;
}

/** Time until a request without an answer fails. */
const requestTimeoutMs = 5000;

/** The connection of one process to the bus. */
export class Link {
  readonly process: SimulatedProcess;
  faults: LinkFaults;
  crashPoint: CrashPoint | undefined;
  readonly #random: Random;
  readonly #listeners = new Set<(event: 'lost' | 'restored') => void>();
  #generation = 0;
  #down = false;
  #lastArrival = { bus: 0, process: 0 };
  #seen = 0;

  constructor(process: SimulatedProcess, random: Random, faults: LinkFaults) {
    this.process = process;
    this.#random = random;
    this.faults = faults;
  }

  get isDown(): boolean {
    return this.#down;
  }

  /** Loses what is under way; nothing passes until `restore`. */
  cut(): void {
    if (this.#down) return;
    this.#down = true;
    this.#generation++;
    this.process.scheduler.note(`${this.process.name} cut off`);
    this.process.enter(() => this.#tell('lost'));
  }

  restore(): void {
    if (!this.#down) return;
    this.#down = false;
    this.#lastArrival = { bus: 0, process: 0 };
    this.process.scheduler.note(`${this.process.name} connected`);
    this.process.enter(() => this.#tell('restored'));
  }

  /** Calls back whenever the connection is lost or restored, until the returned function is called. */
  listen(listener: (event: 'lost' | 'restored') => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sends something to the bus, which has its effect there unless it gets lost. `effect` names it for crash points and the trace. */
  toBus(effect: string, happen: () => void): void {
    if (this.process.isDead || this.#crashes(effect, 'before')) return;
    this.#travel('bus', `${this.process.name} > ${effect}`, () => {
      happen();
      this.#crashes(effect, 'after');
    });
  }

  /** Sends something to the process. */
  toProcess(what: string, arrive: () => void): void {
    this.#travel('process', `${this.process.name} < ${what}`, () => this.process.enter(arrive));
  }

  /** Asks the bus something. Rejects with `unavailable` when no answer comes in time, whether or not it had its effect. */
  request<Answer>(effect: string, act: () => Promise<Answer>): Promise<Answer> {
    if (this.process.isDead) return never;
    return new Promise((resolve, reject) => {
      const late = (): void => reject(new RedQueenError('unavailable', `${effect}: the bus did not answer within ${requestTimeoutMs} ms`));
      const cancel = this.process.scheduler.after(requestTimeoutMs, '', () => this.process.enter(late));
      const answer = (outcome: () => void): void => {
        if (this.#isLost()) return;
        this.toProcess(effect, () => {
          cancel();
          outcome();
        });
      };
      if (this.#isLost()) return;
      this.toBus(effect, () => {
        act().then(
          (result) => answer(() => resolve(result)),
          (reason: unknown) => answer(() => reject(reason as Error)),
        );
      });
    });
  }

  #isLost(): boolean {
    return this.faults.lossRate > 0 && this.#random.uniform() < this.faults.lossRate;
  }

  #travel(direction: 'bus' | 'process', label: string, arrive: () => void): void {
    if (this.#down) return;
    const { scheduler } = this.process;
    const { delayMs, stallRate, stallMs } = this.faults;
    const stalls = stallRate > 0 && this.#random.uniform() < stallRate;
    const delay = this.#random.uniform() * (stalls ? stallMs : delayMs);
    const arrival = Math.max(scheduler.now + delay, this.#lastArrival[direction] + 0.001);
    this.#lastArrival[direction] = arrival;
    const generation = this.#generation;
    scheduler.after(arrival - scheduler.now, label, () => {
      if (generation === this.#generation) arrive();
    });
  }

  #crashes(effect: string, when: 'before' | 'after'): boolean {
    const { crashPoint } = this;
    if (!crashPoint || crashPoint.when !== when || !effect.startsWith(crashPoint.effect) || ++this.#seen !== crashPoint.count) return false;
    this.process.kill();
    return true;
  }

  #tell(event: 'lost' | 'restored'): void {
    for (const listener of this.#listeners) listener(event);
  }
}
