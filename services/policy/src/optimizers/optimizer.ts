import type { Batch } from '@redqueen/contract';
import type { OptimizerSettings } from '@redqueen/core';
import type { LossSettings, TrainGroup, UpdateSettings } from '@redqueen/llama';

/** One optimizer update, ready for the device. */
export interface TrainRequest {
  readonly groups: readonly TrainGroup[];
  /** The loss is the sum over tokens divided by this. */
  readonly normaliser: number;
  readonly loss: LossSettings;
  readonly update: UpdateSettings;
}

/** Evidence → one update. Pure. */
export interface PolicyOptimizer {
  readonly name: string;
  /** The update that the batch calls for. Throws `invalid_argument` for a batch whose lists do not fit together. */
  request(batch: Batch, settings: OptimizerSettings, learningRate: number): TrainRequest;
}
