import type { PeerTurn } from '../discussion.ts';
import type { TrainedRole } from '../recipe.ts';

/** What an episode is about: a task with its attempts, a proposal that is no task, or a world model's predictions. */
export type EpisodeKind = 'task' | 'rejected' | 'prediction';

/** One turn of an agent in an episode: an attempt, a proposal, a judgement or a prediction, by its index. */
export interface Turn {
  readonly agent: string;
  /** From 0. */
  readonly turn: number;
}

/** How an answer ended: it could be read, it ended but could not, or it never ended. */
export type AnswerForm = 'ok' | 'malformed' | 'truncated';

/** A turn of an executor. */
export interface AttemptTurn extends Turn {
  /** 'ok' where it is left out. */
  readonly form?: AnswerForm;
  /** How many calls of a tool gave a result; failed ones do not count. 0 where it is left out. */
  readonly toolCalls?: number;
  /** How many tokens the policy sampled, the stop token included. */
  readonly tokens?: number;
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
  readonly attempts: readonly AttemptTurn[];
  readonly judgements: readonly JudgedTurn[];
  /** Every turn of the discussion of the attempts, which are its solutions; absent where there was none. */
  readonly acts?: readonly PeerTurn[];
  readonly predictions: readonly Turn[];
  /** Why a rejected proposal is no task: 'malformed', 'truncated', 'wrong-slot', …; absent where it is one. */
  readonly rejection?: string;
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
  /** The least that a turn earns in total while its gates are open; no bound where it is left out. */
  readonly floor?: number;
  /** The turns of the episode that earn it; the settlement waits for every one of them. */
  turns(facts: EpisodeFacts): readonly Turn[];
  /** The value by the published formula; undefined where only the teller can know it. A told value must agree with it. */
  formula(facts: EpisodeFacts, turn: Turn, evidence: Evidence): number | undefined;
}
