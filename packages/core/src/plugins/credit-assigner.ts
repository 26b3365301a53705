/** One sample of a comparison group. */
export interface CreditSample {
  /** Its total reward. */
  readonly total: number;
  /** How many tokens it has. */
  readonly tokens: number;
  /** Sum of its tokens' natural log-probabilities under the policy that sampled or weighed it. */
  readonly logProbability: number;
  /** The answer itself, equal exactly where two samples are the same answer; absent where nobody needs to tell them apart. */
  readonly answer?: string;
}

/** What is known of a group, and what earlier stages found. */
export interface CreditTags {
  /** Share of its attempts that were right, in [0, 1]; under a majority vote the share of the majority. Absent where nobody said. */
  readonly solveRate?: number;
  /** 1 for a group as it was sampled, m for its m-th copy in the batch. 1 where it is left out. */
  readonly copy?: number;
  /** Upper clip of the ratio for this group instead of the optimizer's. */
  readonly clipHigh?: number;
}

/** Samples that are compared with each other. */
export interface CreditGroup {
  readonly id: string;
  readonly samples: readonly CreditSample[];
  readonly tags?: CreditTags;
  /** The credit of the stages before: one advantage a sample; absent before the first stage, and where the group carries no signal. */
  readonly advantages?: readonly number[] | undefined;
}

/** Learning signal of a batch. */
export interface Credit {
  /** By group: one advantage a sample, for each of its tokens; undefined where the group carries no signal and no tokens. */
  readonly advantages: readonly (readonly number[] | undefined)[];
  /** How many tokens the loss is averaged over; 0 where no group carries a signal. */
  readonly normaliser: number;
  /** The groups that `advantages` belong to, where a stage copied, replaced or tagged some; the groups given, in their order, where it is left out. */
  readonly groups?: readonly CreditGroup[];
}

/**
 * What a stage of a credit pipeline does: `normalise` totals into advantages, `scale` those of a group, `place` groups in the batch, `mask` samples out.
 * A pipeline is one normaliser, then scales, then places and what follows from places, then masks.
 */
export type CreditStage = 'normalise' | 'scale' | 'place' | 'mask';

/** Numbers → advantages. Pure; never returns a NaN or an infinity for finite totals. */
export interface CreditAssigner {
  readonly name: string;
  /** 'normalise' where it is left out. */
  readonly stage?: CreditStage;
  /** 'group': a group's advantages depend on that group alone. 'batch': on the others as well. */
  readonly scope: 'group' | 'batch';
  /** `knobs`: declared knobs that were turned, by name. */
  assign(groups: readonly CreditGroup[], knobs?: Readonly<Record<string, number>>): Credit;
}
