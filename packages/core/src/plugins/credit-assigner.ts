/** One sample of a comparison group. */
export interface CreditSample {
  /** Its total reward. */
  readonly total: number;
  /** How many tokens it has. */
  readonly tokens: number;
  /** Sum of its tokens' natural log-probabilities under the policy that sampled or weighed it. */
  readonly logProbability: number;
}

/** Samples that are compared with each other. */
export interface CreditGroup {
  readonly id: string;
  readonly samples: readonly CreditSample[];
}

/** Learning signal of a batch. */
export interface Credit {
  /** By group: one advantage a sample, for each of its tokens; undefined where the group carries no signal and no tokens. */
  readonly advantages: readonly (readonly number[] | undefined)[];
  /** How many tokens the loss is averaged over; 0 where no group carries a signal. */
  readonly normaliser: number;
}

/** Numbers → advantages. Pure; never returns a NaN or an infinity for finite totals. */
export interface CreditAssigner {
  readonly name: string;
  /** 'group': a group's advantages depend on that group alone. 'batch': on the others as well. */
  readonly scope: 'group' | 'batch';
  assign(groups: readonly CreditGroup[]): Credit;
}
