import type { HyperParameters } from '../model/hyper-parameters.ts';
import type { FullTrainer } from './full-trainer.ts';

/**
 * A trainer of all weights in this process. The native libraries are loaded only now, so that those who merely import this package stay free
 * of them. `threads` lanes; `now`: seconds of a monotonic clock; `weights` (by `initialModel`) are taken over.
 */
export async function openFullTrainer(
  model: HyperParameters,
  weights: Float32Array,
  threads: number,
  now: () => number,
): Promise<FullTrainer> {
  const { FullTrainer: Trainer } = await import('./full-trainer.ts');
  return new Trainer(model, weights, threads, now);
}
