import fc from 'fast-check';
import { expect, test } from 'vitest';
import { meanInterval, studentQuantile } from './intervals.ts';
import { areaUnderCurve, brier, deviation, mean, movingAverage, sampleDeviation, wilsonInterval } from './statistics.ts';

const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
const judged = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.boolean()), { minLength: 1, maxLength: 40 });

test('mean and deviations', () => {
  expect(mean([1, 2, 3, 6])).toBe(3);
  expect(deviation([2, 4, 4, 4, 5, 5, 7, 9])).toBe(2);
  expect(sampleDeviation([1, 3])).toBeCloseTo(Math.SQRT2, 12);
  expect(mean([])).toBeNaN();
  expect(sampleDeviation([1])).toBeNaN();
  // Large means cancel nothing.
  expect(deviation([1e9, 1e9 + 2])).toBe(1);
});

test('deviation ignores a shift', () => {
  fc.assert(
    fc.property(fc.array(number, { minLength: 1 }), number, (values, shift) => {
      expect(deviation(values.map((value) => value + shift))).toBeCloseTo(deviation(values), 4);
    }),
  );
});

test('Wilson interval: golden values and properties', () => {
  // Newcombe (1998), table I: 81 of 263 and 0 of 20.
  expect(wilsonInterval(81, 263).low).toBeCloseTo(0.2553, 4);
  expect(wilsonInterval(81, 263).high).toBeCloseTo(0.3662, 4);
  expect(wilsonInterval(0, 20).low).toBe(0);
  expect(wilsonInterval(0, 20).high).toBeCloseTo(0.1611, 4);
  expect(wilsonInterval(0, 0)).toEqual({ low: 0, high: 1 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.double({ min: 0, max: 1, noNaN: true }), (trials, share) => {
      const successes = Math.round(share * trials);
      const { low, high } = wilsonInterval(successes, trials);
      expect(low >= 0 && low <= successes / trials && successes / trials <= high && high <= 1).toBe(true);
    }),
  );
  expect(() => wilsonInterval(3, 2)).toThrow(/cannot be/);
});

test('Brier score', () => {
  expect(brier([1, 0, 0.5], [true, false, true])).toBeCloseTo(0.25 / 3, 12);
  expect(brier([0.5, 0.5], [true, false])).toBe(0.25);
  expect(() => brier([1], [])).toThrow(/do not pair/);
});

test('area under the curve equals the share of ordered pairs, ties one half', () => {
  fc.assert(
    fc.property(judged, (pairs) => {
      const scores = pairs.map(([score]) => score);
      const outcomes = pairs.map(([, outcome]) => outcome);
      const good = scores.filter((_, index) => outcomes[index]);
      const bad = scores.filter((_, index) => !outcomes[index]);
      const won = good.flatMap((g) => bad.map((b) => (g > b ? 1 : g === b ? 0.5 : 0)));
      const area = areaUnderCurve(scores, outcomes);
      if (won.length === 0) expect(area).toBeNaN();
      else expect(area).toBeCloseTo(mean(won), 10);
    }),
  );
});

test('moving average', () => {
  expect(movingAverage(1, 3, 0.25)).toBe(1.5);
  expect(movingAverage(1, 3, 1)).toBe(3);
});

test("Student's quantiles as printed in tables", () => {
  for (const [degrees, quantile] of [
    [1, 12.7062],
    [2, 4.30265],
    [4, 2.77645],
    [9, 2.26216],
    [30, 2.04227],
    [1000, 1.96234],
  ] as const) {
    expect(studentQuantile(0.975, degrees)).toBeCloseTo(quantile, 4);
  }
  expect(studentQuantile(0.5, 3)).toBeCloseTo(0, 10);
});

test('interval of paired differences', () => {
  // R: t.test(c(1, 2, 3, 4, 5))$conf.int = 1.036757 4.963243
  const { low, high } = meanInterval([1, 2, 3, 4, 5]);
  expect(low).toBeCloseTo(1.036757, 6);
  expect(high).toBeCloseTo(4.963243, 6);
  expect(meanInterval([1])).toEqual({ low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY });
});
