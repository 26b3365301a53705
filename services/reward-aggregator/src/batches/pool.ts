import type { PackedGroup } from '../fold/packed-group.ts';

/** One comparison group that waits for its batch. */
export interface Unit {
  /** The comparison group: episode, slot, episode and transition, or episode and attempt. Batches are sorted by it. */
  readonly id: string;
  readonly digests: readonly string[];
  /** How much of a batch it is: 1, or for a slot the proposals compared. */
  readonly size: number;
  readonly group: PackedGroup;
  /** Samples of the group that are compared; none where the unit counts without carrying a signal. */
  readonly samples: readonly number[];
  /** Total of each such sample. */
  readonly totals: readonly number[];
  /** Share of the samples that are right, in [0, 1]; only of an executor's attempts. */
  readonly solveRate?: number;
  /** Total rewards of the agent's turns, for the mean that is reported. */
  readonly rewards: readonly number[];
  /** Tokens that were sampled for it. */
  readonly tokens: number;
}

/** What waits for an agent's next batch. */
export interface Pool {
  /** Batches told. */
  number: number;
  /** Samples left out since the last batch because they were too stale. */
  stale: number;
  /** Samples left out since the last batch because no released version attests them. */
  refused: number;
  /** In the order in which they were settled; the verifier's wait in the two below. */
  queue: Unit[];
  /** Judgements of right attempts, oldest first. */
  right: Unit[];
  /** Judgements of wrong attempts, oldest first. */
  wrong: Unit[];
}

/** The pool before the first unit. */
export function emptyPool(): Pool {
  return { number: 0, stale: 0, refused: 0, queue: [], right: [], wrong: [] };
}
