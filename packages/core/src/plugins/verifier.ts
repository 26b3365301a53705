import type { SampleGroup } from '@redqueen/contract';
import type { Task } from './environment.ts';
import type { PolicyClient } from './policy-client.ts';

/** An answer to judge (without its stop byte). */
export interface Answered {
  readonly task: Task;
  readonly answer: string;
}

/** What a verifier thinks of an answer. */
export interface Opinion {
  /** Probability that the answer is right, in [0, 1]. */
  readonly confidence: number;
  /** The first wrong step, or -1. */
  readonly firstBadStep: number;
  /** The judge's own prompt and the labels that it weighed; absent where no policy was asked. */
  readonly judgement?: SampleGroup;
}

/** What a verifier is created with. */
export interface VerifierTools {
  readonly policy: PolicyClient;
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
