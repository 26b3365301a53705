import type { SampleGroup } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';
import { verifierLabels, verifierPrompt } from '@redqueen/environments';
import { agents, type PolicyClient } from '@redqueen/runtime';
import type { Verifier } from './verifier.ts';

/** The labels in the order in which they are weighed. */
const labels = [verifierLabels.right, verifierLabels.wrong];

/** p(right) / (p(right) + p(wrong)) from the labels' log-probabilities. */
export function confidenceOf({ prompt, samples }: SampleGroup): number {
  const [right, wrong] = samples.map(({ logProbs }) => logProbs.reduce((sum, logProb) => sum + logProb, 0));
  if (right === undefined || wrong === undefined)
    throw new RedQueenError('data_loss', `judgement ${prompt}: the policy service weighed no labels`);
  return 1 / (1 + Math.exp(wrong - right));
}

/** The verifier's own policy: it weighs the labels "y" and "n" after the task and the answer, and nothing else is shown to it. */
export function createJudge(policy: PolicyClient): Verifier {
  return {
    name: 'judge',
    async verify(asked, answers, signal) {
      if (answers.length === 0) return [];
      const prompts = answers.map(({ task, answer }) => ({ text: verifierPrompt(task, answer), continuations: labels }));
      const groups = await policy.score({ ...asked, agent: agents.verifier, prompts }, signal);
      return groups.map((judgement) => ({ confidence: confidenceOf(judgement), firstBadStep: -1, judgement }));
    },
  };
}
