import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pick, randomOf, shuffled, weightedIndex } from './random.ts';
import { deviation, mean } from './statistics.ts';

const draw = (count: number, ...parts: (string | number)[]): number[] => {
  const random = randomOf(...parts);
  return Array.from({ length: count }, () => random.uniform());
};

test('the same parts give the same stream, others another', () => {
  expect(draw(5, 7, 'a')).toEqual(draw(5, 7, 'a'));
  expect(draw(5, 7, 'a')).not.toEqual(draw(5, 7, 'b'));
  expect(draw(1, 'golden')[0]).toBe(0.30398298534578516);
});

test('neighbouring seeds are not correlated', () => {
  const firsts = Array.from({ length: 2000 }, (_, seed) => randomOf(seed).uniform());
  expect(mean(firsts)).toBeCloseTo(0.5, 1);
  const products = firsts.slice(1).map((value, index) => (value - 0.5) * ((firsts[index] as number) - 0.5));
  expect(Math.abs(mean(products))).toBeLessThan(0.01);
});

test('uniform, integer and normal keep their ranges and moments', () => {
  const random = randomOf('moments');
  const normals = Array.from({ length: 20_000 }, () => random.normal());
  expect(mean(normals)).toBeCloseTo(0, 1);
  expect(deviation(normals)).toBeCloseTo(1, 1);
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 0xffffffff }), (seed, bound) => {
      const stream = randomOf(seed);
      const value = stream.integer(bound);
      expect(Number.isInteger(value) && value >= 0 && value < bound).toBe(true);
      const uniform = stream.uniform();
      expect(uniform >= 0 && uniform < 1).toBe(true);
    }),
  );
  expect(() => random.integer(0)).toThrow(/positive integer/);
});

test('shuffled permutes and leaves its argument alone', () => {
  fc.assert(
    fc.property(fc.integer(), fc.array(fc.integer()), (seed, items) => {
      const before = [...items];
      const result = shuffled(randomOf(seed), items);
      expect(items).toEqual(before);
      expect([...result].sort((a, b) => a - b)).toEqual([...items].sort((a, b) => a - b));
    }),
  );
});

test('weightedIndex follows the weights and never takes a weight of zero', () => {
  const random = randomOf('weights');
  const counts = [0, 0, 0, 0];
  for (let round = 0; round < 8000; round++) counts[weightedIndex(random, [1, 0, 3, 0])]! += 1;
  expect(counts[1]! + counts[3]!).toBe(0);
  expect(counts[2]! / 8000).toBeCloseTo(0.75, 1);
  expect(() => weightedIndex(random, [0, 0])).toThrow(/weights/);
  expect(() => pick(random, [])).toThrow(/nothing to pick/);
});
