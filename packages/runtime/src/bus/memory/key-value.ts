import { RedQueenError } from '@redqueen/core';
import type { KeyValue, KeyValueEntry } from '../port.ts';
import { Notifier } from './notifier.ts';

interface Slot {
  /** Undefined once deleted. */
  readonly value: Uint8Array | undefined;
  readonly revision: number;
}

/** Writes a change down; resolves once it is stored. */
export type StoreValue = (key: string, revision: number, value: Uint8Array | undefined) => Promise<void>;

const validKey = /^[-/=.\w]+$/;

/** A bucket in memory. Changes are visible at once and confirmed when they are stored. */
export class MemoryKeyValue implements KeyValue {
  readonly #bucket: string;
  readonly #store: StoreValue;
  readonly #closed: AbortSignal;
  readonly #slots = new Map<string, Slot>();
  readonly #changed = new Notifier();
  #revision = 0;

  constructor(bucket: string, store: StoreValue, closed: AbortSignal) {
    this.#bucket = bucket;
    this.#store = store;
    this.#closed = closed;
  }

  /** Applies a change read from the journal. */
  restore(key: string, revision: number, value: Uint8Array | undefined): void {
    this.#slots.delete(key);
    this.#slots.set(key, { value, revision });
    this.#revision = Math.max(this.#revision, revision);
  }

  get(key: string): Promise<KeyValueEntry | undefined> {
    const slot = this.#slots.get(key);
    return Promise.resolve(slot?.value && { key, value: slot.value.slice(), revision: slot.revision });
  }

  put(key: string, value: Uint8Array): Promise<number> {
    return this.#write(key, value.slice());
  }

  async create(key: string, value: Uint8Array): Promise<number> {
    if (this.#slots.get(key)?.value) throw this.#conflict('create', key);
    return await this.#write(key, value.slice());
  }

  async update(key: string, value: Uint8Array, revision: number): Promise<number> {
    if (this.#slots.get(key)?.revision !== revision) throw this.#conflict('update', key);
    return await this.#write(key, value.slice());
  }

  async delete(key: string): Promise<void> {
    await this.#write(key, undefined);
  }

  keys(): Promise<string[]> {
    const present = [...this.#slots].filter(([, slot]) => slot.value);
    return Promise.resolve(present.map(([key]) => key).toSorted());
  }

  /** A slow reader sees the newest value of a key, not each one that it had: what waits is bounded by the number of keys. */
  async *watch(signal: AbortSignal): AsyncGenerator<KeyValueEntry> {
    let seen = 0;
    const stop = AbortSignal.any([signal, this.#closed]);
    while (!stop.aborted) {
      // A written key moves to the end of the map: new entries come last, in order of revision.
      const news = [...this.#slots].filter(([, slot]) => slot.revision > seen);
      for (const [key, slot] of news) {
        if (stop.aborted) return;
        seen = Math.max(seen, slot.revision);
        yield { key, value: slot.value?.slice() ?? new Uint8Array(), revision: slot.revision };
      }
      if (news.length === 0) await this.#changed.wait(stop);
    }
  }

  async #write(key: string, value: Uint8Array | undefined): Promise<number> {
    if (!validKey.test(key))
      throw new RedQueenError(
        'invalid_argument',
        `key ${JSON.stringify(key)} of bucket ${this.#bucket}: use letters, digits, "_", "-", ".", "/"`,
      );
    const revision = ++this.#revision;
    this.restore(key, revision, value);
    const stored = this.#store(key, revision, value);
    this.#changed.notify();
    await stored;
    return revision;
  }

  #conflict(action: string, key: string): RedQueenError {
    return new RedQueenError('aborted', `${action} ${key} in bucket ${this.#bucket}: somebody else wrote it first`);
  }
}
