import { createHash } from 'node:crypto';
import { encodeMessage } from '@redqueen/contract';
import { canonicalDigest } from './canonical.ts';
import { Refold } from './refold.ts';
import type { LedgerSource } from './source.ts';

/** What a ledger comes to when it is folded from its first message; equal for equal ledgers, on any machine. */
export interface Replay {
  readonly run: string;
  readonly messages: number;
  /** Digest of the stream (docs/ledger.md). */
  readonly stream: string;
  /** SHA-256 of the aggregator's state at the end, in canonical form. */
  readonly state: string;
  readonly settlements: number;
  /** SHA-256 over every settlement told, in order, as on the wire. */
  readonly settlementsDigest: string;
  readonly batches: number;
  /** The same over the batches. */
  readonly batchesDigest: string;
}

/** Folds a ledger from scratch; with `snapshotEvery`, goes on from a snapshot after every so many messages, which must change nothing. Throws LedgerDamage where a message is missing. */
export async function replayLedger(source: LedgerSource, snapshotEvery = Number.POSITIVE_INFINITY): Promise<Replay> {
  const refold = new Refold(source);
  const counts = { settlement: 0, batch: 0 };
  const hashes = { settlement: createHash('sha256'), batch: createHash('sha256') };
  for await (const entry of source.entries()) {
    for (const told of refold.add(entry).told) {
      if (told.kind !== 'settlement' && told.kind !== 'batch') continue;
      counts[told.kind] += 1;
      hashes[told.kind].update(encodeMessage(told));
    }
    if (entry.sequence % snapshotEvery === 0) refold.restart();
  }
  const { sequence, digest } = refold.position;
  return {
    run: source.record.run,
    messages: sequence,
    stream: digest,
    state: canonicalDigest(refold.state),
    settlements: counts.settlement,
    settlementsDigest: hashes.settlement.digest('hex'),
    batches: counts.batch,
    batchesDigest: hashes.batch.digest('hex'),
  };
}
