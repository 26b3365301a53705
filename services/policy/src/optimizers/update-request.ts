import type { Batch } from '@redqueen/contract';
import type { OptimizerSettings } from '@redqueen/core';
import type { ClippedLoss, LossSettings, Penalties, TrainGroup } from '@redqueen/llama';
import type { TrainRequest } from './train-request.ts';
import { adamW } from './train-groups.ts';

/** What every loss adds: the KL to the base model and the entropy bonus of the recipe. */
export function penaltiesOf({ klToBase, klEstimator, entropyBonus }: OptimizerSettings): Penalties {
  return { klToBase, klEstimator, entropyBonus };
}

/** The clipped surrogate of the recipe. */
export function clippedLoss(settings: OptimizerSettings): ClippedLoss & Penalties {
  const { clipLow, clipHigh } = settings;
  return { kind: 'clipped', clipLow, clipHigh, ...penaltiesOf(settings) };
}

/**
 * The update of some groups under a loss, averaged as the recipe says.
 * token-mean: Σ over tokens / the batch's normaliser. sequence-mean: the mean over samples of the mean over their sampled tokens (GRPO's original form;
 * it gives the tokens of long answers less weight). Source of both: Q. Yu et al., DAPO (arXiv 2503.14476), section 3.3.
 */
export function updateRequest(
  batch: Batch,
  groups: readonly TrainGroup[],
  loss: LossSettings,
  settings: OptimizerSettings,
  learningRate: number,
): TrainRequest {
  const update = adamW(settings, learningRate);
  if (settings.aggregation === 'token-mean') return { groups, normaliser: batch.normaliser, loss, update };
  const samples = batch.groups.reduce((sum, group) => sum + group.samples.length, 0);
  return { groups: groups.map(weighBySample), normaliser: Math.max(1, samples), loss, update };
}

function weighBySample(group: TrainGroup): TrainGroup {
  const samples = group.samples.map((sample) => {
    const sampled = sample.given ? sample.given.reduce((left, mark) => left - mark, sample.tokens.length) : sample.tokens.length;
    return { ...sample, weight: sampled > 0 ? 1 / sampled : 0 };
  });
  return { ...group, samples };
}
