import { definePlugin } from '@redqueen/core';
import type { TrainGroup } from '@redqueen/llama';
import { z } from 'zod';
import { trainGroups } from './train-groups.ts';
import { clippedLoss, updateRequest } from './update-request.ts';

/** Advantages beyond this many batch deviations are cut, so that one odd turn cannot steer an update. */
const maxAdvantage = 5;

/**
 * REINFORCE++: REINFORCE with PPO's clipped ratio on advantages in units of the whole batch's deviation,
 * loss = −1/N Σ_tokens min(ρ·A, clip(ρ, 1 − clipLow, 1 + clipHigh)·A) + klToBase · KL(π ‖ base) − entropyBonus · H, A cut to ±5.
 * The deviation is the credit's work: `batch-normalised`, or with a group baseline `group-mean-batch-deviation`. The KL enters the loss, not the reward.
 * Source: J. Hu et al., REINFORCE++ (arXiv 2501.03262).
 */
export const reinforcePlusPlus = definePlugin({
  kind: 'policy-optimizer',
  name: 'reinforce-plus-plus',
  source: 'Hu et al. 2025 (REINFORCE++, arXiv 2501.03262)',
  about: 'Ascends the clipped surrogate of advantages that are cut at five batch deviations.',
  options: z.strictObject({}),
  create: () => ({
    name: 'reinforce-plus-plus',
    request: (batch, settings, learningRate) =>
      updateRequest(batch, trainGroups(batch).map(cutAdvantages), clippedLoss(settings), settings, learningRate),
  }),
});

function cutAdvantages(group: TrainGroup): TrainGroup {
  const cut = (advantage: number): number => Math.min(maxAdvantage, Math.max(-maxAdvantage, advantage));
  return { ...group, samples: group.samples.map((sample) => ({ ...sample, advantages: sample.advantages.map(cut) })) };
}
