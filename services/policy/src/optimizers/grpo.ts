import { definePlugin } from '@redqueen/core';
import { z } from 'zod';
import { trainGroups } from './train-groups.ts';
import { clippedLoss, updateRequest } from './update-request.ts';

const options = z.strictObject({
  /** Bound above 1 on the ratio of tokens with a negative advantage (Ye et al. 2020, arXiv 1912.09729); left out, there is none. */
  dualClip: z.number().gt(1).optional(),
});

/**
 * Group relative policy optimization:
 * loss = −1/N Σ_tokens min(ρ·A, clip(ρ, 1 − clipLow, 1 + clipHigh)·A) + klToBase · KL(π ‖ base) − entropyBonus · H,
 * ρ = π(token)/π_old(token), N the batch's normaliser (all tokens of groups with a signal), A the advantage that the credit gave each token.
 * A group may bring its own upper clip (ADPO); with aggregation "sequence-mean" every sample weighs the same, as in the original.
 * Source: Z. Shao et al., DeepSeekMath (arXiv 2402.03300), section 4.1; token mean and the higher upper clip: Q. Yu et al., DAPO (arXiv 2503.14476).
 */
export const grpo = definePlugin({
  kind: 'policy-optimizer',
  name: 'grpo',
  source: 'Shao et al. 2024 (DeepSeekMath, arXiv 2402.03300), section 4.1; Yu et al. 2025 (DAPO, arXiv 2503.14476)',
  about: 'Ascends the clipped surrogate of the advantages that the credit gave.',
  options,
  create: ({ dualClip }) => ({
    name: 'grpo',
    request: (batch, settings, learningRate) =>
      updateRequest(batch, trainGroups(batch), { ...clippedLoss(settings), ...(dualClip && { dualClip }) }, settings, learningRate),
  }),
});
