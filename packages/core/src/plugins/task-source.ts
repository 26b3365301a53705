import type { SampleGroup } from '@redqueen/contract';
import type { Task } from './environment.ts';
import type { PolicyClient } from './policy-client.ts';

/** What a slot asks for. */
export interface SlotRequest {
  readonly run: string;
  readonly environment: string;
  readonly family: string;
  readonly level: number;
  /** How many; 1 to 64. */
  readonly proposals: number;
  readonly seed: number;
}

/** Why a proposal is no task. */
export type Rejection = 'malformed' | 'truncated' | 'wrong-slot' | 'held-out';

/** One proposal: a task of the slot's family and level from the training split, or the reason why it is none. */
export interface Draft {
  readonly task?: Task;
  readonly rejection?: Rejection;
  /** The proposal as sampled (one sample); absent where no policy made it. */
  readonly proposal?: SampleGroup;
}

/** What a task source is created with. */
export interface TaskSourceTools {
  readonly policy: PolicyClient;
  /** Tokens of one proposal at most, stop token included. */
  readonly maxTokens: number;
}

/** What could be attempted. */
export interface TaskSource {
  readonly name: string;
  /** One draft a proposal, in order. The same slot and policy version give the same drafts. */
  propose(slot: SlotRequest, signal?: AbortSignal): Promise<readonly Draft[]>;
}
