import { definePlugin } from '@redqueen/core';
import { z } from 'zod';
import { pairRequest } from './pairs.ts';
import { penaltiesOf } from './update-request.ts';

const options = z.strictObject({
  /** β: the larger, the closer to the base model. */
  beta: z.number().positive().default(0.1),
  /** ε of the smoothed label; 0 is DPO, above it EXO. */
  smoothing: z.number().min(0).lt(0.5).default(0),
});

/**
 * Direct preference optimization on the policy's own samples: −log σ(β[(log π/π_base)(best) − (log π/π_base)(worst)]) over one pair a group; the base model
 * is the reference. With smoothing it is EXO, the reverse KL of σ to the label (1 − ε, ε), which stops where σ = 1 − ε.
 * Source: R. Rafailov et al., Direct preference optimization (arXiv 2305.18290), equation 7; H. Ji et al., Efficient exact optimization (EXO, arXiv 2402.00856).
 */
export const dpo = definePlugin({
  kind: 'policy-optimizer',
  name: 'dpo',
  source: 'Rafailov et al. 2023 (DPO, arXiv 2305.18290); Ji et al. 2024 (EXO, arXiv 2402.00856)',
  about: 'Prefers the best sample of a group to its worst, close to the base model.',
  options,
  create: ({ beta, smoothing }) => ({
    name: 'dpo',
    request: (batch, settings, learningRate) =>
      pairRequest(batch, { kind: 'preference', beta, smoothing, ...penaltiesOf(settings) }, settings, learningRate),
  }),
});
