import { definePlugin, interactionReward } from '@redqueen/core';
import { z } from 'zod';

/**
 * What the peers of a discussion made of each answer: right where its scoring says 3. Confidence is (τ − 1)/2, ½ where nobody scored it or the scoring cannot
 * be read. Truth is never asked, and nothing is: the acts came with the attempts.
 */
export const peer = definePlugin({
  kind: 'verifier',
  name: 'peer',
  source: 'Xue et al. 2025 (CoMAS, 2510.08529), section 3.2',
  about: 'Takes an answer for right that a peer scored 3 of 3 in a discussion.',
  options: z.strictObject({}),
  create: () => ({
    name: 'peer',
    verify: async (_asked, answers) =>
      answers.map(({ score }) => ({ confidence: score === undefined ? 0.5 : interactionReward('solution', score), firstBadStep: -1 })),
  }),
});
