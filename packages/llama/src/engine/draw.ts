import type { RowSoftmax } from '../losses/softmax.ts';

/** Inverse-transform sampling of a token from softmax(logits / temperature); `softmax` has just read the row at `offset`. */
export function drawToken(softmax: RowSoftmax, logits: Float32Array, offset: number, temperature: number, uniform: number): number {
  const { weights } = softmax;
  if (temperature === 1) return walk(weights, uniform * softmax.total);
  const largest = logits[offset + softmax.best] as number;
  const scaled = weights.map((_, token) => Math.exp(((logits[offset + token] as number) - largest) / temperature));
  return walk(scaled, uniform * scaled.reduce((sum, weight) => sum + weight, 0));
}

function walk(weights: Float64Array, target: number): number {
  let left = target;
  for (let token = 0; token < weights.length; token++) {
    left -= weights[token] as number;
    if (left < 0) return token;
  }
  // Rounding can leave a rest at the very end: the last token that has any weight.
  return weights.findLastIndex((weight) => weight > 0);
}
