import type { TrainedRole } from './recipe.ts';

/** What an episode is about: a task with its attempts, a proposal that is no task, or a world model's predictions. */
export type EpisodeKind = 'task' | 'rejected' | 'prediction';

/** One turn of an agent in an episode: an attempt, a proposal, a judgement or a prediction, by its index. */
export interface Turn {
  readonly agent: string;
  /** From 0. */
  readonly turn: number;
}

/** A turn of the verifier: the attempt that it judged, by index. */
export interface JudgedTurn extends Turn {
  /** Probability that the attempt is right, in [0, 1]. */
  readonly confidence: number;
}

/** Who acted in an episode. Void turns are left out, so that no term expects a reward of them. */
export interface EpisodeFacts {
  readonly episode: string;
  readonly kind: EpisodeKind;
  /** Empty where the task was drawn from the environment. */
  readonly proposals: readonly Turn[];
  readonly attempts: readonly Turn[];
  readonly judgements: readonly JudgedTurn[];
  readonly predictions: readonly Turn[];
}

/** What a reward term's formula may look at besides the facts. */
export interface Evidence {
  /** Value of a reward that was told for the turn; undefined where there is none. */
  value(term: string, turn: Turn): number | undefined;
  /** How far the verifier's model is to be trusted, in [0, 1]; 0 until it was measured. */
  readonly trust: number;
}

/** Verdicts and facts → numbers per agent. */
export interface RewardTerm {
  readonly name: string;
  /** The role that earns it. */
  readonly earner: TrainedRole;
  /** The only role that may tell it; undefined for a term that follows from the facts and is told by nobody. */
  readonly teller: TrainedRole | undefined;
  /** Smallest and largest value. */
  readonly range: readonly [number, number];
  /** Whether a turn whose value is 0 earns nothing else. */
  readonly gate: boolean;
  /** What such a turn earns in total, instead of the weighted sum; 0 by default. */
  readonly closedGate: number;
  /** The turns of the episode that earn it; the settlement waits for every one of them. */
  turns(facts: EpisodeFacts): readonly Turn[];
  /** The value by the published formula; undefined where only the teller can know it. A told value must agree with it. */
  formula(facts: EpisodeFacts, turn: Turn, evidence: Evidence): number | undefined;
}

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

/** A plug-in by name; `create` checks the recipe's options and throws `invalid_argument` where they do not fit. */
export interface Plugin<Made> {
  readonly name: string;
  /** Where the formula comes from. */
  readonly source: string;
  create(options: Readonly<Record<string, unknown>>): Made;
}
