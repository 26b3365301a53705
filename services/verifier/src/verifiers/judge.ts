import type { SampleGroup } from '@redqueen/contract';
import { definePlugin, RedQueenError, type PolicyClient, type Verifier } from '@redqueen/core';
import { verifierLabels, verifierPrompt } from '@redqueen/environments';
import { agents } from '@redqueen/runtime';
import { z } from 'zod';

/** The labels in the order in which they are weighed. */
const labels = [verifierLabels.right, verifierLabels.wrong];

/** p(right) / (p(right) + p(wrong)) from the labels' log-probabilities. */
export function confidenceOf({ prompt, samples }: SampleGroup): number {
  const [right, wrong] = samples.map(({ logProbs }) => logProbs.reduce((sum, logProb) => sum + logProb, 0));
  if (right === undefined || wrong === undefined)
    throw new RedQueenError('data_loss', `judgement ${prompt}: the policy service weighed no labels`);
  return 1 / (1 + Math.exp(wrong - right));
}

function createJudge(policy: PolicyClient, soft: boolean): Verifier {
  return {
    name: 'judge',
    async verify(asked, answers, signal) {
      if (answers.length === 0) return [];
      const prompts = answers.map(({ task, answer }) => ({ text: verifierPrompt(task, answer), continuations: labels }));
      const groups = await policy.score({ ...asked, agent: agents.verifier, prompts }, signal);
      return groups.map((judgement) => {
        const confidence = confidenceOf(judgement);
        return { confidence, ...(soft && { outcome: confidence }), firstBadStep: -1, judgement };
      });
    },
  };
}

/** The verifier's own policy: it weighs the labels "y" and "n" after the task and the answer, and nothing else is shown to it. */
export const judge = definePlugin({
  kind: 'verifier',
  name: 'judge',
  source: 'generative verifier: Zhang et al. 2024 (arXiv 2408.15240), the label’s probability',
  about: 'Lets the verifier’s policy say how likely an answer is right.',
  options: z.strictObject({
    /** Whether its confidence itself is the outcome, where it decides that; otherwise 1 above one half and 0 below. */
    soft: z.boolean().default(false),
  }),
  create: ({ soft }, { policy }) => createJudge(policy, soft),
});
