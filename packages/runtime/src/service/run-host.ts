import { decodeRunRecord, RedQueenError, type RunRecord } from '@redqueen/core';
import type { Actor } from '../actors/actor.ts';
import type { Bus } from '../bus/port.ts';
import type { Logger } from '../log/logger.ts';
import type { Attached } from './attachments.ts';
import type { ServiceContext } from './types.ts';

/** The records of all runs as they are and as they change, until the signal aborts. */
export async function* followRuns(bus: Bus, logger: Logger, signal: AbortSignal): AsyncGenerator<RunRecord> {
  const bucket = await bus.keyValue('rq-runs');
  for await (const { key, value } of bucket.watch(signal)) {
    if (value.length === 0) continue;
    try {
      yield decodeRunRecord(new TextDecoder().decode(value));
    } catch (error) {
      logger.error({ err: error, run: key }, `the record of run ${key} cannot be read`);
    }
  }
}

/** Starts a service's actors of a run. Those that were started are stopped again where one of them cannot be. */
export async function attachRun(record: RunRecord, actors: readonly Actor[], context: ServiceContext): Promise<readonly Attached[]> {
  if (actors.length === 0) return [];
  throw new RedQueenError('unavailable', `actors of run ${record.run} cannot be started yet (${context.name})`);
}
