import { decodeRunRecord, type RunRecord } from '@redqueen/core';
import type { Bus } from '../bus/port.ts';
import type { Logger } from '../log/logger.ts';

/** Bucket of the runs: one record under each run's id. */
const runBucket = 'rq-runs';

/** Every run's record as it is, then every change, until the signal aborts. A record that cannot be read is logged and left out. */
export async function* watchRuns(bus: Bus, logger: Logger, signal: AbortSignal): AsyncGenerator<RunRecord> {
  const bucket = await bus.keyValue(runBucket);
  for await (const { key, value } of bucket.watch(signal)) {
    if (value.length === 0) continue;
    try {
      yield decodeRunRecord(Buffer.from(value).toString('utf8'));
    } catch (error) {
      logger.error({ err: error, run: key }, `the record of run ${key} cannot be read`);
    }
  }
}
