import type { Batch, TrainingGroup, TrainingSample } from '@redqueen/contract';
import { RedQueenError, type OptimizerSettings } from '@redqueen/core';
import type { TrainGroup, UpdateSettings } from '@redqueen/llama';

/** A batch's groups in the device's form. Throws `invalid_argument` where lengths differ, a number is not finite, or the normaliser is not positive. */
export function trainGroups(batch: Batch): TrainGroup[] {
  if (!(batch.normaliser > 0)) throw faulty(batch, `normaliser ${batch.normaliser} must be positive`);
  return batch.groups.map((group) => trainGroup(batch, group));
}

function trainGroup(batch: Batch, group: TrainingGroup): TrainGroup {
  return { promptTokens: Int32Array.from(group.promptTokens), samples: group.samples.map((sample) => trainSample(batch, group, sample)) };
}

function trainSample(batch: Batch, group: TrainingGroup, sample: TrainingSample): TrainGroup['samples'][number] {
  const { tokens, oldLogProbs, advantages } = sample;
  if (tokens.length !== oldLogProbs.length || tokens.length !== advantages.length) {
    throw faulty(
      batch,
      `episode ${group.episodeId} has ${tokens.length} tokens, ${oldLogProbs.length} log-probs and ${advantages.length} advantages; they must be equally many`,
    );
  }
  if (!oldLogProbs.every(Number.isFinite) || !advantages.every(Number.isFinite)) {
    throw faulty(batch, `episode ${group.episodeId} has a log-prob or an advantage that is not finite`);
  }
  return { tokens: Int32Array.from(tokens), oldLogProbs: Float32Array.from(oldLogProbs), advantages: Float32Array.from(advantages) };
}

function faulty(batch: Batch, what: string): RedQueenError {
  return new RedQueenError('invalid_argument', `batch ${batch.number} of ${batch.agent}: ${what}`);
}

/** AdamW's settings for one update (I. Loshchilov and F. Hutter, Decoupled weight decay regularization, 2019). */
export function adamW(settings: OptimizerSettings, learningRate: number): UpdateSettings {
  const { beta1, beta2, weightDecay, maxGradientNorm } = settings;
  return { learningRate, beta1, beta2, epsilon: 1e-8, weightDecay, maxGradientNorm };
}
