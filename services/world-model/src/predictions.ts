import { RedQueenError, seedOf, type LearnedEnvironment, type PolicyClient } from '@redqueen/core';
import { worldModelPrompt } from '@redqueen/environments';
import { agents } from '@redqueen/runtime';

/** Tokens that the longest of these outcomes takes, stop token included (a token is a byte at most). */
export function predictionTokens(steps: readonly { readonly outcome: string }[]): number {
  return 1 + Math.max(...steps.map(({ outcome }) => outcome.length));
}

/** The world model of a run: an environment learned by the policy of world-model/0, asked in the prompts that the environments share. */
export function learnedWorld(policy: PolicyClient): LearnedEnvironment {
  return {
    name: 'world-model',
    agent: agents.worldModel,
    async predict({ steps, samples, seed, ...ask }, signal) {
      const prompts = steps.map(({ state, action }) => {
        const text = worldModelPrompt(state, action);
        return { text, samples, seed: seedOf(seed, text) };
      });
      const groups = await policy.generate({ ...ask, agent: agents.worldModel, prompts }, signal);
      if (groups.some((group) => group.samples.length !== samples)) {
        throw new RedQueenError('data_loss', `predictions: the policy service answered with fewer than ${samples} samples a step`);
      }
      return groups;
    },
  };
}
