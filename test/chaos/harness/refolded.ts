import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ChaosCluster } from './cluster.ts';

/** What a fold from scratch comes to. */
export interface Refolded {
  readonly digest: string;
  readonly settled: number;
  readonly voided: number;
  readonly open: number;
  readonly duplicates: number;
  readonly late: number;
  readonly refused: number;
  /** Batches told, by agent. */
  readonly batches: Readonly<Record<string, number>>;
  /** Settlements and batches on the stream that the fold does not tell, or not so, and the other way round. */
  readonly mismatches: readonly string[];
}

/** Folds the run's stream from its first message, in another process. */
export async function refold(cluster: ChaosCluster, run: string, sequence: number): Promise<Refolded> {
  const words = [join(import.meta.dirname, 'refold.ts'), cluster.config.bus.url, run, `${sequence}`];
  const { stdout } = await promisify(execFile)(process.execPath, words, { maxBuffer: 2 ** 24 });
  return JSON.parse(stdout) as Refolded;
}

/** What is different between the aggregator at work and a fold of the same messages from scratch: one line each. */
export async function foldDifferences(cluster: ChaosCluster, run: string): Promise<string[]> {
  const live = await cluster.rpc('reward-aggregator').State({ run });
  const { mismatches, ...scratch } = await refold(cluster, run, Number(live.sequence));
  const different = Object.entries(scratch).flatMap(([name, value]) => {
    const own = JSON.stringify(live[name as keyof typeof live]);
    return own === JSON.stringify(value) ? [] : [`${name}: the aggregator has ${own}, a fold from scratch ${JSON.stringify(value)}`];
  });
  return [...mismatches, ...different];
}
