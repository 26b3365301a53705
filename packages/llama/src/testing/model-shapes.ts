// Shapes of published models, from their model cards, so that tests can have the same tensors with random weights.
import type { HyperParameters } from '../model/hyper-parameters.ts';

/** What a random model is like. */
export interface RandomShape extends HyperParameters {
  /** Whether the embedding makes the logits too. */
  readonly tied: boolean;
}

const smollm2: RandomShape = {
  architecture: 'llama',
  layers: 30,
  width: 576,
  heads: 9,
  keyValueHeads: 3,
  headSize: 64,
  feedForward: 1536,
  context: 8192,
  epsilon: 1e-5,
  ropeBase: 100_000,
  ropeDimensions: 64,
  ropeMode: 0,
  vocabulary: 49_152,
  tied: true,
};

const qwen3: RandomShape = {
  architecture: 'qwen3',
  layers: 28,
  width: 1024,
  heads: 16,
  keyValueHeads: 8,
  headSize: 128,
  feedForward: 3072,
  context: 40_960,
  epsilon: 1e-6,
  ropeBase: 1_000_000,
  ropeDimensions: 128,
  ropeMode: 2,
  vocabulary: 151_936,
  tied: true,
};

/** The shapes of SmolLM2-135M and Qwen3-0.6B. */
export const modelShapes = { 'smollm2-135m': smollm2, 'qwen3-0.6b': qwen3 } as const;
