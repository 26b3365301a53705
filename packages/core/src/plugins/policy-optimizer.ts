import type { Batch } from '@redqueen/contract';
import type { OptimizerSettings } from '../recipe.ts';

/**
 * Evidence → one update. Pure. `Request` is what the policy service's device understands (`TrainRequest` of the policy service): groups of tokens with
 * their advantages, the loss's settings and those of the update.
 */
export interface PolicyOptimizer<Request = unknown> {
  readonly name: string;
  /** Whether it needs forward passes alone, so that it also works on models whose graph cannot be differentiated here. */
  readonly gradientFree?: boolean;
  /** The update that the batch calls for. Throws `invalid_argument` for a batch whose lists do not fit together. */
  request(batch: Batch, settings: OptimizerSettings, learningRate: number): Request;
}
