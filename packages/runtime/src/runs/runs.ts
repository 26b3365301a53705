import { decodeRunRecord, encodeRunRecord, RedQueenError, type RunRecord } from '@redqueen/core';
import type { Bus, KeyValue } from '../bus/port.ts';
import type { Logger } from '../log/logger.ts';
import type { ServiceContext } from '../service/types.ts';

/** Bucket of the runs: one record under each run's id. */
export const runBucket = 'rq-runs';

function decode(value: Uint8Array): RunRecord {
  return decodeRunRecord(Buffer.from(value).toString('utf8'));
}

function encode(record: RunRecord): Uint8Array {
  return Buffer.from(encodeRunRecord(record));
}

/** The records of all runs. */
export class Runs {
  readonly #bucket: KeyValue;

  private constructor(bucket: KeyValue) {
    this.#bucket = bucket;
  }

  static async open(bus: Bus): Promise<Runs> {
    return new Runs(await bus.keyValue(runBucket));
  }

  /** Undefined where there is no such run. */
  async get(run: string): Promise<RunRecord | undefined> {
    const entry = await this.#bucket.get(run);
    return entry && decode(entry.value);
  }

  /** All runs, newest first. */
  async list(): Promise<RunRecord[]> {
    const entries = await Promise.all((await this.#bucket.keys()).map((run) => this.#bucket.get(run)));
    const records = entries.filter((entry) => entry !== undefined).map((entry) => decode(entry.value));
    return records.toSorted((a, b) => b.startedAt - a.startedAt);
  }

  /** Records a new run. Throws `already_exists`. */
  async create(record: RunRecord): Promise<void> {
    try {
      await this.#bucket.create(record.run, encode(record));
    } catch (reason) {
      if (!(reason instanceof RedQueenError) || reason.code !== 'aborted') throw reason;
      throw new RedQueenError('already_exists', `run ${record.run} exists: choose another id`, { cause: reason });
    }
  }

  /**
   * Changes a record; `change` is applied anew where somebody else wrote it in between, and may answer undefined to leave it as it is.
   * Resolves with the record as it is now. Throws `not_found`.
   */
  async update(run: string, change: (record: RunRecord) => RunRecord | undefined): Promise<RunRecord> {
    for (;;) {
      const entry = await this.#bucket.get(run);
      if (!entry) throw new RedQueenError('not_found', `there is no run ${run}`);
      const before = decode(entry.value);
      const after = change(before);
      if (after === undefined) return before;
      try {
        await this.#bucket.update(run, encode(after), entry.revision);
        return after;
      } catch (reason) {
        if (!(reason instanceof RedQueenError) || reason.code !== 'aborted') throw reason;
      }
    }
  }

  /** Current records, then every change, until the signal aborts. A record that cannot be read is logged and left out. */
  async *watch(signal: AbortSignal, logger: Logger): AsyncGenerator<RunRecord> {
    for await (const { key, value } of this.#bucket.watch(signal)) {
      if (value.length === 0) continue;
      try {
        yield decode(value);
      } catch (reason) {
        logger.error({ run: key, err: reason }, 'run record cannot be read');
      }
    }
  }
}

/** Ends a run that can never work; one that has ended already is left as it is. Throws `not_found`. */
export async function failRun(
  { bus, clock, name }: Pick<ServiceContext, 'bus' | 'clock' | 'name'>,
  run: string,
  error: string,
): Promise<void> {
  const runs = await Runs.open(bus);
  await runs.update(run, (record) => {
    const over = record.status !== 'running' && record.status !== 'stopping';
    return over ? undefined : { ...record, status: 'failed', error: `${name}: ${error}`, endedAt: clock.now() };
  });
}
