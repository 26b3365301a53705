import type { RowSoftmax } from './softmax.ts';

/** A row of logits and the token that it should predict. */
export interface Target {
  readonly row: number;
  readonly token: number;
}

/**
 * Supervised loss Σ −log p(token) / normaliser. Adds its gradient with respect to the logits to `gradient` and returns the loss;
 * `correct` counts the targets that are the likeliest token.
 */
export function crossEntropy(
  logits: Float32Array,
  softmax: RowSoftmax,
  targets: readonly Target[],
  normaliser: number,
  gradient: Float32Array | null,
): { readonly loss: number; readonly correct: readonly boolean[] } {
  const size = softmax.weights.length;
  const correct: boolean[] = [];
  let loss = 0;
  for (const { row, token } of targets) {
    const offset = row * size;
    softmax.read(logits, offset);
    loss += (softmax.logTotal - (logits[offset + token] as number)) / normaliser;
    correct.push(softmax.best === token);
    if (gradient === null) continue;
    const scale = 1 / (softmax.total * normaliser);
    for (let other = 0; other < size; other++)
      gradient[offset + other] = (gradient[offset + other] as number) + (softmax.weights[other] as number) * scale;
    gradient[offset + token] = (gradient[offset + token] as number) - 1 / normaliser;
  }
  return { loss, correct };
}
