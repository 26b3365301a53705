import { addressText, type Address } from '@redqueen/contract';
import type { Bus } from '../bus/port.ts';

/**
 * Ids that an actor has told since some message, read from the run's stream. Whoever handles a message again skips them:
 * the stream knows for ever what the server's duplicate window forgets after minutes (A3).
 */
export class ToldIndex {
  readonly #bus: Bus;
  readonly #run: string;
  readonly #self: string;
  readonly #ids = new Set<string>();
  #from = Number.POSITIVE_INFINITY;
  #to = 0;
  #reading: Promise<void> = Promise.resolve();

  constructor(bus: Bus, run: string, self: Address) {
    this.#bus = bus;
    this.#run = run;
    this.#self = addressText(self);
  }

  /** Ids told after the message at `sequence`, up to now; possibly some older ones. */
  async since(sequence: number): Promise<ReadonlySet<string>> {
    // One after the other: the second caller mostly finds everything read.
    const reading = this.#reading.then(() => this.#extend(sequence));
    this.#reading = reading.then(
      () => undefined,
      () => undefined,
    );
    return await reading;
  }

  async #extend(sequence: number): Promise<ReadonlySet<string>> {
    const last = await this.#bus.lastSequence(this.#run);
    if (sequence > this.#to) this.#startAt(sequence);
    if (sequence < this.#from) await this.#read(sequence, last);
    else if (last > this.#to) await this.#read(this.#to + 1, last);
    this.#from = Math.min(this.#from, sequence);
    this.#to = last;
    return new Set(this.#ids);
  }

  /** What lies between is of no interest to anybody. */
  #startAt(sequence: number): void {
    this.#ids.clear();
    this.#from = sequence;
    this.#to = sequence - 1;
  }

  async #read(from: number, last: number): Promise<void> {
    if (from > last) return;
    for await (const { message } of this.#bus.read(this.#run, { from, follow: false })) {
      if (addressText(message.from) === this.#self) this.#ids.add(message.id);
    }
  }
}

/** The newest ids, a bounded number of them. */
export class RecentIds {
  readonly #ids = new Set<string>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  add(id: string): void {
    this.#ids.add(id);
    if (this.#ids.size <= this.#limit) return;
    const oldest = this.#ids.values().next().value;
    if (oldest !== undefined) this.#ids.delete(oldest);
  }
}

/** How many messages back a stateful actor knows a repeated id. */
export const idReach = 4096;

/**
 * Ids with the place where each came last, as far back as `reach` messages of the stream. What it knows follows from the stream alone, not from where
 * one began to read: an activation that starts from a snapshot drops the same repetitions as one that never ended.
 */
export class IdWindow {
  readonly #reach: number;
  /** By id; oldest place first. */
  readonly #places = new Map<string, number>();

  constructor(reach = idReach) {
    this.#reach = reach;
  }

  /** Whether the id came within the reach before that place. */
  has(id: string, sequence: number): boolean {
    return (this.#places.get(id) ?? Number.NEGATIVE_INFINITY) >= sequence - this.#reach;
  }

  add(id: string, sequence: number): void {
    this.#places.delete(id);
    this.#places.set(id, sequence);
    for (const [oldest, place] of this.#places) {
      if (place >= sequence - this.#reach) return;
      this.#places.delete(oldest);
    }
  }
}
