import type { EvolutionSettings, LossSettings, TrainGroup, UpdateSettings } from '@redqueen/llama';

/** One optimizer update, ready for the device: what every policy optimizer makes of a batch. The device checks it. */
export interface TrainRequest {
  readonly groups: readonly TrainGroup[];
  /** The loss is the sum over tokens divided by this. */
  readonly normaliser: number;
  readonly loss: LossSettings;
  readonly update: UpdateSettings;
  /** How the gradient is estimated instead of computed. */
  readonly evolution?: EvolutionSettings;
}
