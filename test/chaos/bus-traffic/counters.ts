import { RedQueenError } from '@redqueen/core';
import type { Bus, KeyValue } from '@redqueen/runtime';
import { setTimeout as pause } from 'node:timers/promises';

const key = 'counter';

/** Increments of each writer. */
type Counts = Record<string, number>;

const decode = (bytes: Uint8Array | undefined): Counts => (bytes ? (JSON.parse(Buffer.from(bytes).toString()) as Counts) : {});
const encode = (counts: Counts): Uint8Array => Buffer.from(JSON.stringify(counts));

/** Writers that count in one value by compare-and-set, and one who watches it. */
export class CounterTraffic {
  readonly confirmed: Counts = { a: 0, b: 0 };
  /** Increments whose outcome is not known. */
  readonly unknown: Counts = { a: 0, b: 0 };
  readonly conflicts: Counts = { a: 0, b: 0 };
  /** Reads that showed less than the reader had written and been told. */
  staleReads = 0;
  /** Revisions and sums that the watcher saw. */
  readonly watched: { readonly revision: number; readonly sum: number }[] = [];
  readonly #bucket: KeyValue;
  readonly #readers: KeyValue;

  private constructor(bucket: KeyValue, readers: KeyValue) {
    this.#bucket = bucket;
    this.#readers = readers;
  }

  static async open(writers: Bus, readers: Bus, bucket: string): Promise<CounterTraffic> {
    return new CounterTraffic(await writers.keyValue(bucket), await readers.keyValue(bucket));
  }

  /** Counts until the signal aborts. */
  async work(signal: AbortSignal): Promise<void> {
    const watching = this.#watch(signal);
    await Promise.all([this.#count('a', this.#bucket, signal), this.#count('b', this.#readers, signal)]);
    await watching;
  }

  /** The value now; tried until it can be read. */
  async value(): Promise<Counts> {
    return decode((await this.#bucket.get(key))?.value);
  }

  async #count(writer: string, bucket: KeyValue, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#increment(writer, bucket);
      } catch (reason) {
        if (!(reason instanceof RedQueenError) || !reason.retryable) throw reason;
        await pause(100);
      }
      await pause(20);
    }
  }

  async #increment(writer: string, bucket: KeyValue): Promise<void> {
    const entry = await bucket.get(key);
    const counts = decode(entry?.value);
    const confirmed = this.confirmed[writer] ?? 0;
    if ((counts[writer] ?? 0) < confirmed) this.staleReads++;
    const next = encode({ ...counts, [writer]: (counts[writer] ?? 0) + 1 });
    try {
      await (entry ? bucket.update(key, next, entry.revision) : bucket.create(key, next));
      this.confirmed[writer] = confirmed + 1;
    } catch (reason) {
      const tally = reason instanceof RedQueenError && reason.code === 'aborted' ? this.conflicts : this.unknown;
      tally[writer] = (tally[writer] ?? 0) + 1;
      throw reason;
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    for await (const { value, revision } of this.#readers.watch(signal)) {
      const { a = 0, b = 0 } = decode(value);
      this.watched.push({ revision, sum: a + b });
    }
  }
}
