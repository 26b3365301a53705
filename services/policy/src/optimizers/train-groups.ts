import type { Batch, TrainingGroup, TrainingSample } from '@redqueen/contract';
import { RedQueenError, type OptimizerSettings } from '@redqueen/core';
import type { TrainGroup, UpdateSettings } from '@redqueen/llama';

/** A batch's groups in the device's form. Throws `invalid_argument` where lengths differ, a number is not finite, or the normaliser is not positive. */
export function trainGroups(batch: Batch): TrainGroup[] {
  if (!(batch.normaliser > 0)) throw faulty(batch, `normaliser ${batch.normaliser} must be positive`);
  return batch.groups.map((group) => trainGroup(batch, group));
}

function trainGroup(batch: Batch, group: TrainingGroup): TrainGroup {
  const { promptTokens, samples, solveRate, clipHigh } = group;
  return {
    promptTokens: Int32Array.from(promptTokens),
    samples: samples.map((sample) => trainSample(batch, group, sample)),
    ...(solveRate !== undefined && { solveRate }),
    ...(clipHigh !== undefined && { clipHigh }),
  };
}

function trainSample(batch: Batch, group: TrainingGroup, sample: TrainingSample): TrainGroup['samples'][number] {
  const { tokens, oldLogProbs, advantages, given } = sample;
  if (tokens.length !== oldLogProbs.length || tokens.length !== advantages.length) {
    throw faulty(
      batch,
      `episode ${group.episodeId} has ${tokens.length} tokens, ${oldLogProbs.length} log-probs and ${advantages.length} advantages; they must be equally many`,
    );
  }
  if (!oldLogProbs.every(Number.isFinite) || !advantages.every(Number.isFinite)) {
    throw faulty(batch, `episode ${group.episodeId} has a log-prob or an advantage that is not finite`);
  }
  if (given.length > 0 && given.length !== tokens.length) {
    throw faulty(batch, `episode ${group.episodeId} has ${tokens.length} tokens and ${given.length} marks of given ones`);
  }
  return {
    tokens: Int32Array.from(tokens),
    oldLogProbs: Float32Array.from(oldLogProbs),
    advantages: Float32Array.from(advantages),
    ...(given.includes(true) && { given: Uint8Array.from(given, Number) }),
  };
}

function faulty(batch: Batch, what: string): RedQueenError {
  return new RedQueenError('invalid_argument', `batch ${batch.number} of ${batch.agent}: ${what}`);
}

/** AdamW's settings for one update (I. Loshchilov and F. Hutter, Decoupled weight decay regularization, 2019). */
export function adamW(settings: OptimizerSettings, learningRate: number): UpdateSettings {
  const { beta1, beta2, weightDecay, maxGradientNorm } = settings;
  return { learningRate, beta1, beta2, epsilon: 1e-8, weightDecay, maxGradientNorm };
}
