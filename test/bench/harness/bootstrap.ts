import { randomOf, RedQueenError } from '@redqueen/core';
import { medianSorted, quantileSorted } from 'simple-statistics';
import type { Estimate } from './figure.ts';

/** Resamples of an interval; its ends then move by less than their own uncertainty from seed to seed. */
const resamples = 2000;

function checked(values: readonly number[]): readonly number[] {
  if (values.length === 0) throw new RedQueenError('invalid_argument', 'statistics: no values; an estimate needs at least one');
  const wrong = values.find((value) => !Number.isFinite(value));
  if (wrong !== undefined) throw new RedQueenError('invalid_argument', `statistics: ${wrong} is no finite value`);
  return values;
}

/** The value that a share of the values lies below: 0.5 for the median. Throws `invalid_argument` without values or where one is not finite. */
export function quantileOf(values: readonly number[], share: number): number {
  const sorted = checked(values).toSorted((a, b) => a - b);
  return share === 0.5 ? medianSorted(sorted) : quantileSorted(sorted, share);
}

/**
 * A quantile with its 95 % percentile bootstrap interval (Efron 1979). Of a median over five values the interval is nearly their range, which covers 94 %.
 * The same values and seed give the same interval. Throws as `quantileOf`.
 */
export function bootstrapQuantile(values: readonly number[], share: number, seed: number): Estimate {
  const value = quantileOf(values, share);
  const random = randomOf(seed, 'bootstrap', values.length);
  const draws = Array.from({ length: resamples }, () =>
    quantileOf(
      values.map(() => values[random.integer(values.length)] as number),
      share,
    ),
  ).toSorted((a, b) => a - b);
  return { value, low: Math.min(value, quantileSorted(draws, 0.025)), high: Math.max(value, quantileSorted(draws, 0.975)) };
}
