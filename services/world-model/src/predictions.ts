import type { SampleGroup, Transition } from '@redqueen/contract';
import { RedQueenError, seedOf } from '@redqueen/core';
import { worldModelPrompt } from '@redqueen/environments';
import { agents, type PolicyClient } from '@redqueen/runtime';

/** Tokens that the longest of these outcomes takes, stop token included (a token is a byte at most). */
export function predictionTokens(steps: readonly { readonly outcome: string }[]): number {
  return 1 + Math.max(...steps.map(({ outcome }) => outcome.length));
}

/** Predictions to make. */
export interface PredictionPlan {
  readonly run: string;
  readonly steps: readonly Pick<Transition, 'state' | 'action'>[];
  /** Samples a step. */
  readonly samples: number;
  /** 0 is greedy. */
  readonly temperature: number;
  readonly seed: number;
  /** Tokens of one prediction at most, stop token included. */
  readonly maxTokens: number;
  /** A version that is still served; left out for the released one. */
  readonly version?: number;
}

/** One group a step, in order. Throws like PolicyClient.generate. */
export async function predict(
  { steps, samples, seed, ...ask }: PredictionPlan,
  policy: PolicyClient,
  signal?: AbortSignal,
): Promise<readonly SampleGroup[]> {
  const prompts = steps.map(({ state, action }) => {
    const text = worldModelPrompt(state, action);
    return { text, samples, seed: seedOf(seed, text) };
  });
  const groups = await policy.generate({ ...ask, agent: agents.worldModel, prompts }, signal);
  if (groups.some((group) => group.samples.length !== samples)) {
    throw new RedQueenError('data_loss', `predictions: the policy service answered with fewer than ${samples} samples a step`);
  }
  return groups;
}
