import { expect, it } from 'vitest';
import { adamwStep, newOptimizerState } from './adamw.ts';

const settings = { learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.01, maxGradientNorm: 0 };

it('makes the steps that the formula gives by hand', () => {
  const weights = Float32Array.from([1, -2]);
  const state = newOptimizerState(2);
  // Step 1: m̂ = g and v̂ = g², so each weight moves by η against its gradient's sign, after decay by 1 − ηλ = 0.999.
  adamwStep(weights, Float32Array.from([0.5, -0.25]), state, settings);
  expect(weights[0]).toBeCloseTo(0.899, 5);
  expect(weights[1]).toBeCloseTo(-1.898, 5);
  // Step 2 with g = 0 for the first weight: m̂ = 0.9·0.05/0.19 = 0.236842, v̂ = 0.99·0.0025/0.0199 = 0.124372, w = 0.899·0.999 − 0.1·0.671578.
  adamwStep(weights, Float32Array.from([0, -0.25]), state, settings);
  expect(weights[0]).toBeCloseTo(0.830943, 5);
  expect(weights[1]).toBeCloseTo(-1.898 * 0.999 + 0.1, 5);
  expect(state.step).toBe(2);
});

it('scales the whole gradient down to the norm asked for and reports the norm before', () => {
  const gradient = Float32Array.from([3, 4]);
  const clipped = newOptimizerState(2);
  expect(adamwStep(new Float32Array(2), gradient, clipped, { ...settings, maxGradientNorm: 1 })).toBeCloseTo(5, 6);
  expect(clipped.firstMoment[0]).toBeCloseTo(0.1 * 0.6, 6);
  expect(clipped.firstMoment[1]).toBeCloseTo(0.1 * 0.8, 6);
});

it('changes nothing but the moments at learning rate 0', () => {
  const weights = Float32Array.from([0.25]);
  adamwStep(weights, Float32Array.from([1]), newOptimizerState(1), { ...settings, learningRate: 0 });
  expect(weights[0]).toBe(0.25);
});
