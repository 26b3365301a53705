import { decodeRunRecord, encodeRunRecord, RedQueenError, type RunRecord } from '@redqueen/core';
import type { KeyValue, KeyValueEntry } from '@redqueen/runtime';

/** Bucket that holds one record a run, under the run's id. Every service watches it. */
export const runsBucket = 'rq-runs';

const bytesOf = (record: RunRecord): Uint8Array => new TextEncoder().encode(encodeRunRecord(record));
const recordOf = (entry: KeyValueEntry): RunRecord => decodeRunRecord(new TextDecoder().decode(entry.value));

/** The records of all runs. */
export class RunRecords {
  readonly #bucket: KeyValue;

  constructor(bucket: KeyValue) {
    this.#bucket = bucket;
  }

  /** Throws `not_found`. */
  async get(run: string): Promise<RunRecord> {
    const entry = run === '' ? undefined : await this.#bucket.get(run);
    if (entry) return recordOf(entry);
    throw new RedQueenError('not_found', `there is no run ${JSON.stringify(run)}; \`redqueen runs\` lists them`);
  }

  /** Newest first. */
  async list(): Promise<RunRecord[]> {
    const entries = await Promise.all((await this.#bucket.keys()).map((key) => this.#bucket.get(key)));
    const records = entries.flatMap((entry) => (entry && entry.value.length > 0 ? [recordOf(entry)] : []));
    return records.sort((a, b) => b.startedAt - a.startedAt || b.run.localeCompare(a.run));
  }

  /** Throws `already_exists`. */
  async create(record: RunRecord): Promise<void> {
    try {
      await this.#bucket.create(record.run, bytesOf(record));
    } catch (error) {
      if (RedQueenError.from(error).code !== 'aborted') throw error;
      throw new RedQueenError('already_exists', `run ${record.run} exists already; leave \`run\` out for a fresh id`, { cause: error });
    }
  }

  /**
   * Changes a record by compare-and-set: `change` is asked again when somebody else was quicker, and returns undefined to leave it as it is.
   * Returns the record as it then is.
   */
  async change(run: string, change: (record: RunRecord) => RunRecord | undefined): Promise<RunRecord> {
    for (;;) {
      const entry = await this.#bucket.get(run);
      if (!entry) return this.get(run);
      const record = recordOf(entry);
      const next = change(record);
      if (next === undefined) return record;
      try {
        await this.#bucket.update(run, bytesOf(next), entry.revision);
        return next;
      } catch (error) {
        if (RedQueenError.from(error).code !== 'aborted') throw error;
      }
    }
  }

  /** Current records, then every change, until the signal aborts. */
  async *watch(signal: AbortSignal): AsyncGenerator<RunRecord> {
    for await (const entry of this.#bucket.watch(signal)) if (entry.value.length > 0) yield recordOf(entry);
  }
}
