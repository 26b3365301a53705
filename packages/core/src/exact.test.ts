import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { exactExp, square } from './exact.ts';
import { randomOf } from './random.ts';

it('eˣ is within two units in the last place of the engine’s, over all magnitudes', () => {
  fc.assert(
    fc.property(fc.double({ min: -740, max: 709.7, noNaN: true }), (x) => {
      const engine = Math.exp(x);
      expect(Math.abs(exactExp(x) - engine)).toBeLessThanOrEqual(Math.max(2 * Number.MIN_VALUE, engine * 2 * Number.EPSILON));
    }),
    { numRuns: 5000 },
  );
});

it('ends where doubles end', () => {
  expect([0, -0, 710, -746, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map(exactExp)).toEqual([
    1,
    1,
    Number.POSITIVE_INFINITY,
    0,
    Number.POSITIVE_INFINITY,
    0,
  ]);
  expect(exactExp(Number.NaN)).toBeNaN();
  expect(square(-3)).toBe(9);
});

it('gives these bits on every engine', () => {
  const random = randomOf('exact');
  const values = Float64Array.from({ length: 10_000 }, () => exactExp(random.uniform() * 60 - 30));
  expect(createHash('sha256').update(values).digest('hex').slice(0, 16)).toBe('14d829f22977471c');
});
