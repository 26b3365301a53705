import type { Random } from '@redqueen/core';
import { EventQueue, type QueuedEvent } from './event-queue.ts';
import { RealWork } from './real-work.ts';
import { Trace } from './trace.ts';

// V1. Time passes only from event to event, and one event happens at a time: all that it sets off is over before the next one.
// V2. Nothing but the random stream decides which of two events at the same time comes first.
// V3. Only promises are waited for: what needs a timer, a thread or a socket of the machine never gets an answer in here, and ends the
//     simulation with an error that names it.

/** Where simulated time begins, milliseconds since the epoch. */
const beginning = 1_700_000_000_000;

/** Lets every promise that can go on do so: Node empties the queue of microtasks before it takes the next tick. */
function settle(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

/** The one clock and the one order of events of a simulation. */
export class Scheduler {
  readonly trace: Trace;
  readonly #random: Random;
  readonly #queue = new EventQueue();
  readonly #realWork = new RealWork();
  #now = beginning;

  /** `random` breaks ties. */
  constructor(random: Random, keepLines = false) {
    this.#random = random;
    this.trace = new Trace(keepLines);
  }

  /** Milliseconds since the epoch; fractions count. */
  get now(): number {
    return this.#now;
  }

  /** Milliseconds since the simulation began. */
  get elapsed(): number {
    return this.#now - beginning;
  }

  /** Lets something happen after a time. Returns how to call it off. An empty label is not traced. */
  after(ms: number, label: string, happen: () => void): () => void {
    const event = { at: this.#now + Math.max(0, ms), tie: this.#random.uniform(), label, happen, cancelled: false };
    this.#queue.push(event);
    return () => {
      event.cancelled = true;
    };
  }

  /** Writes something into the trace that is no event of its own. */
  note(text: string): void {
    this.trace.add(this.elapsed, text);
  }

  /**
   * Lets time pass until `isOver` says so, or for `ms` at most, or until nothing is left to happen. Answers whether it was over.
   * Throws where something began work that only the machine's own time would end.
   */
  async run(isOver: () => boolean, ms: number): Promise<boolean> {
    this.#realWork.watch();
    try {
      return await this.#run(isOver, this.#now + ms);
    } finally {
      this.#realWork.stop();
    }
  }

  async #run(isOver: () => boolean, end: number): Promise<boolean> {
    await settle();
    while (!isOver()) {
      const event = this.#queue.pop();
      if (!event) return false;
      if (event.cancelled) continue;
      if (event.at > end) {
        this.#queue.push(event);
        this.#now = end;
        return isOver();
      }
      await this.#happen(event);
    }
    return true;
  }

  async #happen({ at, label, happen }: QueuedEvent): Promise<void> {
    this.#now = at;
    if (label !== '') this.note(label);
    happen();
    await settle();
    const work = this.#realWork.begun();
    if (work === undefined) return;
    const where = `at ${this.elapsed.toFixed(3)} ms${label === '' ? '' : `, "${label}"`}`;
    throw new Error(
      `simulation: ${where}: real work was begun (${work}); it would never end in simulated time, so nothing may wait for it`,
    );
  }
}
