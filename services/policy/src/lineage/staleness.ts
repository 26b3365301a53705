import type { Batch } from '@redqueen/contract';
import type { AgentState } from './state.ts';

/** What of a batch may be trained on now. */
export interface FreshPart {
  /** Without the groups that are too stale. Its normaliser stays: a group left out weighs as if it carried no signal. */
  readonly batch: Batch;
  /** Samples in the groups that were left out. */
  readonly stale: number;
}

/**
 * The groups whose samples are at most `maxStaleness` releases old. The aggregator looks at a batch when it tells it; while it waits at the gate
 * its agent may be released again, so that what was fresh enough then may be too old now. Numbers of refused candidates do not count as releases.
 */
export function freshPart({ versions }: AgentState, batch: Batch, maxStaleness: number): FreshPart {
  const released = versions.filter(({ status }) => status === 'released').map(({ number }) => number);
  const oldest = released.at(-1 - maxStaleness) ?? 0;
  const groups = batch.groups.filter(({ version }) => version >= oldest);
  if (groups.length === batch.groups.length) return { batch, stale: 0 };
  const samples = (some: Batch['groups']): number => some.reduce((sum, group) => sum + group.samples.length, 0);
  return { batch: { ...batch, groups }, stale: samples(batch.groups) - samples(groups) };
}
