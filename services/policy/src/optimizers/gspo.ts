import { definePlugin } from '@redqueen/core';
import { z } from 'zod';
import { trainGroups } from './train-groups.ts';
import { penaltiesOf, updateRequest } from './update-request.ts';

/**
 * Group sequence policy optimization: loss = −1/G Σ_samples min(s·A, clip(s, 1 − clipLow, 1 + clipHigh)·A) with s the geometric mean of a sample's token
 * ratios, so that a sample is clipped as a whole. Always averaged over samples. The paper's clips are far narrower than a token's: 3e-4 and 4e-4.
 * Source: C. Zheng et al., Group sequence policy optimization (arXiv 2507.18071).
 */
export const gspo = definePlugin({
  kind: 'policy-optimizer',
  name: 'gspo',
  source: 'Zheng et al. 2025 (GSPO, arXiv 2507.18071)',
  about: 'Ascends the surrogate of whole samples, each clipped by its own ratio.',
  options: z.strictObject({}),
  create: () => ({
    name: 'gspo',
    request(batch, settings, learningRate) {
      const { clipLow, clipHigh } = settings;
      const loss = { kind: 'sequence-clipped', clipLow, clipHigh, ...penaltiesOf(settings) } as const;
      return updateRequest(batch, trainGroups(batch), loss, { ...settings, aggregation: 'sequence-mean' }, learningRate);
    },
  }),
});
