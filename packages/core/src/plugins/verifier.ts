import type { SampleGroup } from '@redqueen/contract';
import type { Task } from './environment.ts';
import type { TruthAccess } from './truth-access.ts';
import type { PolicyClient } from './policy-client.ts';

/** An answer to judge (without its stop byte). */
export interface Answered {
  readonly task: Task;
  readonly answer: string;
  /** False where the answer did not end, or cannot be read: it agrees with no other. True where it is left out. */
  readonly finished?: boolean;
  /** What peers made of it in a discussion, 1 (wrong) to 3 (right); absent where nobody said so readably. */
  readonly score?: number;
}

/** What a verifier thinks of an answer. */
export interface Opinion {
  /** Probability that the answer is right, in [0, 1]. */
  readonly confidence: number;
  /** What the answer is worth as an outcome, in [0, 1], where the verifier decides that; 1 for a confidence above ½ and else 0 where it is left out. */
  readonly outcome?: number;
  /** The first wrong step, or -1. */
  readonly firstBadStep: number;
  /** The judge's own prompt and the labels that it weighed; absent where no policy was asked. */
  readonly judgement?: SampleGroup;
}

/** What a verifier is created with. */
export interface VerifierTools {
  readonly policy: PolicyClient;
  /** Ground truth; absent for a recipe that claims no external reward. */
  readonly truth?: TruthAccess | undefined;
}

/** How good, how sure, why. */
export interface Verifier {
  readonly name: string;
  /** One opinion an answer, in order. Throws like PolicyClient.score where it asks a policy. */
  verify(
    asked: { readonly run: string; readonly version?: number },
    answers: readonly Answered[],
    signal?: AbortSignal,
  ): Promise<readonly Opinion[]>;
}
