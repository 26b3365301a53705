import type { UpdateSettings } from '../worker/protocol.ts';

/** What AdamW remembers between steps. */
export interface OptimizerState {
  /** Steps made. */
  step: number;
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
}

/** The state before the first step. */
export function newOptimizerState(length: number): OptimizerState {
  return { step: 0, firstMoment: new Float32Array(length), secondMoment: new Float32Array(length) };
}

/** Euclidean norm. */
export function norm(values: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += (values[index] as number) ** 2;
  return Math.sqrt(sum);
}

/**
 * One AdamW step in place (Loshchilov and Hutter 2019), after clipping the gradient to a global norm:
 * m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; w ← w(1 − ηλ) − η · m̂ / (√v̂ + ε), with m̂ = m/(1−β₁ᵗ) and v̂ = v/(1−β₂ᵗ).
 * Returns the norm before clipping.
 */
export function adamwStep(weights: Float32Array, gradient: Float32Array, state: OptimizerState, settings: UpdateSettings): number {
  const { learningRate, beta1, beta2, epsilon, weightDecay, maxGradientNorm } = settings;
  const { firstMoment, secondMoment } = state;
  const gradientNorm = norm(gradient);
  const scale = maxGradientNorm > 0 && gradientNorm > maxGradientNorm ? maxGradientNorm / gradientNorm : 1;
  state.step++;
  const correction1 = 1 / (1 - beta1 ** state.step);
  const correction2 = 1 / (1 - beta2 ** state.step);
  const keep = 1 - learningRate * weightDecay;
  for (let index = 0; index < weights.length; index++) {
    const g = (gradient[index] as number) * scale;
    const m = beta1 * (firstMoment[index] as number) + (1 - beta1) * g;
    const v = beta2 * (secondMoment[index] as number) + (1 - beta2) * g * g;
    firstMoment[index] = m;
    secondMoment[index] = v;
    weights[index] = (weights[index] as number) * keep - (learningRate * m * correction1) / (Math.sqrt(v * correction2) + epsilon);
  }
  return gradientNorm;
}
