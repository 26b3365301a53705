import { definePlugin, RedQueenError, seedOf } from '@redqueen/core';
import { z } from 'zod';
import { trainGroups } from './train-groups.ts';
import { clippedLoss, updateRequest } from './update-request.ts';

const options = z.strictObject({
  /** Antithetic pairs of members an update; every member scores the batch once, so an update costs 2 · pairs + 1 forward passes. */
  pairs: z.int().min(1).max(4096).default(16),
  /** Standard deviation of the noise on every element of B. */
  sigma: z.number().positive().default(0.02),
});

/**
 * Evolution strategies: members B ± σε of the adapter are compared by GRPO's clipped surrogate on the batch, and the policy steps along
 * g = 1/P Σ_pairs (L(B + σε) − L(B − σε)) / 2σ · ε, by AdamW. No backward pass, so it works for every architecture and quantisation that can be scored,
 * at many times the samples that a gradient needs. Recipes that use it leave `entropyBonus` at 0.
 * Source: T. Salimans et al. 2017 (arXiv 1703.03864), section 2; low-rank members: B. Sarkar et al. 2025 (EGGROLL, arXiv 2511.16652).
 */
export const evolutionStrategies = definePlugin({
  kind: 'policy-optimizer',
  name: 'evolution-strategies',
  source: 'Salimans et al. 2017 (arXiv 1703.03864), section 2; Sarkar et al. 2025 (EGGROLL, arXiv 2511.16652)',
  about: 'Estimates the gradient of the surrogate from perturbed members of the adapter, by forward passes alone.',
  options,
  create: ({ pairs, sigma }) => ({
    name: 'evolution-strategies',
    gradientFree: true,
    request(batch, settings, learningRate) {
      if (settings.entropyBonus !== 0)
        throw new RedQueenError(
          'invalid_argument',
          `entropyBonus is ${settings.entropyBonus}; evolution-strategies knows no entropies: set it to 0`,
        );
      const request = updateRequest(batch, trainGroups(batch), clippedLoss(settings), settings, learningRate);
      return { ...request, evolution: { pairs, sigma, seed: seedOf('evolution', batch.agent, batch.number) } };
    },
  }),
});
