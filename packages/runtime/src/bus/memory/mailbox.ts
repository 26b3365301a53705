import { decodeMessage, type Message } from '@redqueen/contract';
import type { Clock } from '@redqueen/core';
import type { Delivery, Mailbox, MailboxOptions } from '../port.ts';
import type { RunLog } from './run-log.ts';

// B1. Everything before `cursor` is acknowledged, terminated, not for this address, or in `outstanding`.
// B2. At most `maxInFlight` messages are outstanding over all replicas; the others stay in the log (A4).
// B3. A given-back or overdue message comes again before newer ones, oldest first.

interface Outstanding {
  deliveries: number;
  /** When it comes again, milliseconds since the epoch. */
  dueAt: number;
}

/** What a mailbox needs of its bus. */
export interface MailboxParts {
  readonly clock: Clock;
  readonly log: RunLog;
  /** Receiver as role/key. */
  readonly address: string;
  /** Sequences acknowledged in an earlier life of the journal. */
  readonly acknowledged: Set<number>;
  /** Newest sequence of that earlier life: what is not acknowledged up to there may have been delivered. */
  readonly earlier: number;
  /** Writes an acknowledgement down; resolves once it is stored. */
  readonly store: (sequence: number) => Promise<void>;
}

/** The durable consumer that all replicas of an actor share. */
export class SharedMailbox {
  readonly #parts: MailboxParts;
  readonly #outstanding = new Map<number, Outstanding>();
  #options: MailboxOptions;
  #cursor = 1;
  /** No outstanding message is due before this time. */
  #nextDue = Number.POSITIVE_INFINITY;
  #readers = 0;
  #ticking = false;
  readonly #stop: AbortSignal;

  constructor(parts: MailboxParts, options: MailboxOptions, stop: AbortSignal) {
    this.#parts = parts;
    this.#options = options;
    this.#stop = stop;
  }

  /** A replica's view. The newest options hold for all replicas, as on the server. */
  open(options: MailboxOptions): Mailbox {
    this.#options = options;
    const closing = new AbortController();
    const stop = AbortSignal.any([closing.signal, this.#stop]);
    return {
      [Symbol.asyncIterator]: () => this.#deliveries(stop),
      close: () => {
        closing.abort();
        return Promise.resolve();
      },
    };
  }

  /** Every message to this address up to here is acknowledged. */
  get handled(): number {
    return Math.min(this.#cursor, ...this.#outstanding.keys()) - 1;
  }

  async *#deliveries(stop: AbortSignal): AsyncGenerator<Delivery> {
    this.#readers++;
    try {
      while (!stop.aborted) {
        const sequence = this.#take();
        if (sequence === undefined) await this.#parts.log.changed.wait(stop);
        else yield this.#delivery(sequence);
      }
    } finally {
      this.#readers--;
    }
  }

  /** The next message to deliver, marked as in hand; undefined where there is none or the bound is reached. */
  #take(): number | undefined {
    const overdue = this.#overdue();
    if (overdue !== undefined) return overdue;
    if (this.#outstanding.size >= this.#options.maxInFlight) return undefined;
    while (this.#cursor <= this.#parts.log.last) {
      const sequence = this.#cursor++;
      if (this.#parts.acknowledged.delete(sequence)) continue;
      if (this.#parts.log.receiverOf(sequence) !== this.#parts.address) continue;
      this.#hold(sequence, { deliveries: sequence <= this.#parts.earlier ? 1 : 0, dueAt: 0 });
      return sequence;
    }
    return undefined;
  }

  #overdue(): number | undefined {
    const now = this.#parts.clock.now();
    if (now < this.#nextDue) return undefined;
    this.#nextDue = Number.POSITIVE_INFINITY;
    for (const [sequence, state] of this.#outstanding) {
      if (state.dueAt <= now) {
        this.#nextDue = now;
        this.#hold(sequence, state);
        return sequence;
      }
      this.#nextDue = Math.min(this.#nextDue, state.dueAt);
    }
    return undefined;
  }

  #hold(sequence: number, state: Outstanding): void {
    state.deliveries++;
    state.dueAt = this.#parts.clock.now() + this.#options.ackWaitMs;
    this.#nextDue = Math.min(this.#nextDue, state.dueAt);
    this.#outstanding.set(sequence, state);
    if (!this.#ticking) void this.#tick();
  }

  #delivery(sequence: number): Delivery {
    const entry = this.#parts.log.get(sequence);
    const { message, unreadable } = read(entry?.bytes ?? new Uint8Array());
    const deliveries = this.#outstanding.get(sequence)?.deliveries ?? 1;
    return {
      message,
      unreadable,
      sequence,
      deliveries,
      acknowledge: () => this.#finish(sequence),
      terminate: () => void this.#finish(sequence),
      giveBack: (delayMs) => this.#postpone(sequence, delayMs),
      working: () => this.#postpone(sequence, this.#options.ackWaitMs),
    };
  }

  #finish(sequence: number): Promise<void> {
    if (!this.#outstanding.delete(sequence)) return Promise.resolve();
    this.#parts.log.changed.notify();
    return this.#parts.store(sequence);
  }

  #postpone(sequence: number, delayMs: number): void {
    const state = this.#outstanding.get(sequence);
    if (!state) return;
    state.dueAt = this.#parts.clock.now() + delayMs;
    this.#nextDue = Math.min(this.#nextDue, state.dueAt);
    if (delayMs <= 0) this.#parts.log.changed.notify();
  }

  /** While anything is outstanding: wakes the readers when something falls due. */
  async #tick(): Promise<void> {
    this.#ticking = true;
    try {
      while (this.#outstanding.size > 0) {
        // A message given back for a shorter time comes this much later.
        const wait = Math.max(20, Math.min(this.#nextDue - this.#parts.clock.now(), 200));
        await this.#parts.clock.sleep(wait, this.#stop);
        if (this.#readers > 0 && this.#nextDue <= this.#parts.clock.now()) this.#parts.log.changed.notify();
      }
    } catch {
      // The bus was closed.
    } finally {
      this.#ticking = false;
    }
  }
}

function read(bytes: Uint8Array): { message: Message | undefined; unreadable: string | undefined } {
  try {
    return { message: decodeMessage(bytes), unreadable: undefined };
  } catch (reason) {
    return { message: undefined, unreadable: reason instanceof Error ? reason.message : String(reason) };
  }
}
