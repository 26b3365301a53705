import type { Clock } from '@redqueen/core';
import type { PublishResult } from '../port.ts';
import type { JournalPlace } from './journal.ts';
import { Notifier } from './notifier.ts';

/** A message as stored: still in wire form. */
export interface LogEntry {
  readonly id: string;
  /** Receiver as role/key. */
  readonly to: string;
  readonly storedAt: number;
  readonly bytes: Uint8Array;
}

interface Slot {
  readonly id: string;
  readonly to: string;
  readonly storedAt: number;
  bytes: Uint8Array | undefined;
  readonly place: JournalPlace | undefined;
}

/** Settings of a run's log. */
export interface RunLogOptions {
  readonly clock: Clock;
  readonly duplicateWindowMs: number;
  /** Messages kept in memory where a journal can give back the older ones. */
  readonly keepInMemory: number;
  /** Where messages can be read back from; undefined without a journal. */
  readonly archive: MessageArchive | undefined;
}

/** Messages on disk. */
export interface MessageArchive {
  holds(place: JournalPlace): boolean;
  read(place: JournalPlace): Uint8Array;
}

/** One run's stream in memory: numbered from 1, append only, an id stored once within the duplicate window. */
export class RunLog {
  readonly changed = new Notifier();
  readonly #options: RunLogOptions;
  readonly #slots: Slot[] = [];
  /** Ids of the duplicate window in the order of storing. */
  readonly #recent = new Map<string, number>();
  #evicted = 0;
  #bytes = 0;

  constructor(options: RunLogOptions) {
    this.#options = options;
  }

  get last(): number {
    return this.#slots.length;
  }

  /** Bytes of all messages. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The sequence under which the id is already stored within the duplicate window. */
  duplicateOf(id: string): number | undefined {
    const oldest = this.#options.clock.now() - this.#options.duplicateWindowMs;
    for (const [known, sequence] of this.#recent) {
      if ((this.#slots[sequence - 1] as Slot).storedAt > oldest) break;
      this.#recent.delete(known);
    }
    return this.#recent.get(id);
  }

  /** Stores a message that is no duplicate. */
  append(entry: LogEntry, place: JournalPlace | undefined): PublishResult {
    this.#slots.push({ ...entry, place });
    this.#bytes += entry.bytes.length;
    this.#recent.set(entry.id, this.last);
    this.#evict();
    this.changed.notify();
    return { sequence: this.last, duplicate: false };
  }

  /** Whether the message would survive a kill of this process; always without a journal. */
  holds(sequence: number): boolean {
    const place = this.#slots[sequence - 1]?.place;
    return place === undefined || this.#options.archive?.holds(place) !== false;
  }

  receiverOf(sequence: number): string | undefined {
    return this.#slots[sequence - 1]?.to;
  }

  get(sequence: number): LogEntry | undefined {
    const slot = this.#slots[sequence - 1];
    if (!slot) return undefined;
    const bytes = slot.bytes ?? (slot.place && this.#options.archive?.read(slot.place));
    if (!bytes) throw new Error(`message ${sequence} is neither in memory nor in the journal`);
    return { id: slot.id, to: slot.to, storedAt: slot.storedAt, bytes };
  }

  /** Lets go of bytes that the journal can give back. */
  #evict(): void {
    while (this.last - this.#evicted > this.#options.keepInMemory) {
      const slot = this.#slots[this.#evicted] as Slot;
      if (!slot.place || !this.#options.archive?.holds(slot.place)) return;
      slot.bytes = undefined;
      this.#evicted++;
    }
  }
}
