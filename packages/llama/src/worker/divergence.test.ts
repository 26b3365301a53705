import fc from 'fast-check';
import { expect, it } from 'vitest';
import { largerKl } from './divergence.ts';

const logits = (...probabilities: readonly number[]) => Float32Array.from(probabilities, Math.log);

it('is the larger of the two divergences, averaged over rows', () => {
  const [p, q] = [logits(0.5, 0.5), logits(0.9, 0.1)];
  const forward = 0.5 * Math.log(0.5 / 0.9) + 0.5 * Math.log(0.5 / 0.1);
  const backward = 0.9 * Math.log(0.9 / 0.5) + 0.1 * Math.log(0.1 / 0.5);
  expect(largerKl(p, q, 2)).toBeCloseTo(Math.max(forward, backward), 6);
  expect(largerKl(Float32Array.of(...p, ...q), Float32Array.of(...q, ...q), 2)).toBeCloseTo(Math.max(forward, backward) / 2, 6);
});

it('is symmetric, never negative, and zero for equal policies', () => {
  const rows = fc.array(fc.float({ min: -30, max: 30, noNaN: true }), { minLength: 6, maxLength: 6 }).map((row) => Float32Array.from(row));
  fc.assert(
    fc.property(rows, rows, (p, q) => {
      expect(largerKl(p, q, 3)).toBeGreaterThanOrEqual(-1e-6);
      expect(largerKl(p, q, 3)).toBeCloseTo(largerKl(q, p, 3), 9);
      expect(largerKl(p, p, 3)).toBeCloseTo(0, 6);
    }),
  );
});

it('grows with what one policy holds impossible, and is infinite where a logit is no number', () => {
  expect(largerKl(logits(0.5, 0.5), Float32Array.of(0, -1e20), 2)).toBeGreaterThan(1e19);
  expect(largerKl(logits(0.5, 0.5), Float32Array.of(0, Number.NaN), 2)).toBe(Infinity);
});
