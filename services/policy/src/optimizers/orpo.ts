import { definePlugin } from '@redqueen/core';
import { z } from 'zod';
import { pairRequest } from './pairs.ts';
import { penaltiesOf } from './update-request.ts';

const options = z.strictObject({
  /** λ: weight of the odds ratio beside the likelihood of the best sample. */
  strength: z.number().min(0).default(0.1),
});

/**
 * Odds-ratio preference optimization on the policy's own samples: −mean log π(best) − λ log σ(log odds(best) − log odds(worst)) over one pair a group.
 * Source: J. Hong et al., ORPO: Monolithic preference optimization without reference model (arXiv 2403.07691); λ = 0.1 as there.
 */
export const orpo = definePlugin({
  kind: 'policy-optimizer',
  name: 'orpo',
  source: 'Hong et al. 2024 (ORPO, arXiv 2403.07691)',
  about: 'Clones the best sample of a group and lowers the odds of its worst.',
  options,
  create: ({ strength }) => ({
    name: 'orpo',
    request: (batch, settings, learningRate) =>
      pairRequest(batch, { kind: 'odds-ratio', strength, ...penaltiesOf(settings) }, settings, learningRate),
  }),
});
