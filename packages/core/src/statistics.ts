import { RedQueenError } from './errors.ts';
import { square } from './exact.ts';

/** Two ends of an interval, low ≤ high. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Arithmetic mean; NaN for an empty list, because no number would be true. */
export function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Population standard deviation (divides by n), from the deviations themselves so that large means cancel nothing. NaN for an empty list. */
export function deviation(values: readonly number[]): number {
  return Math.sqrt(sumOfSquares(values) / values.length);
}

/** Sample standard deviation (divides by n − 1); NaN for fewer than two values. */
export function sampleDeviation(values: readonly number[]): number {
  return values.length < 2 ? Number.NaN : Math.sqrt(sumOfSquares(values) / (values.length - 1));
}

function sumOfSquares(values: readonly number[]): number {
  const centre = mean(values);
  let sum = 0;
  for (const value of values) sum += square(value - centre);
  return sum;
}

/**
 * Wilson's score interval of a proportion (Wilson 1927): never leaves [0, 1] and stays honest at 0 and n successes.
 * `z` is the normal quantile, 1.96 for 95 %. No trials: [0, 1].
 */
export function wilsonInterval(successes: number, trials: number, z = 1.959963984540054): Interval {
  if (successes < 0 || successes > trials) {
    throw new RedQueenError('invalid_argument', `statistics: ${successes} successes of ${trials} trials cannot be`);
  }
  if (trials === 0) return { low: 0, high: 1 };
  const share = successes / trials;
  const scale = 1 + z ** 2 / trials;
  const centre = (share + z ** 2 / (2 * trials)) / scale;
  const half = (z / scale) * Math.sqrt((share * (1 - share)) / trials + z ** 2 / (4 * trials ** 2));
  // The clamp only removes rounding: at 0 and n successes the exact ends are 0 and 1.
  return { low: Math.max(0, Math.min(share, centre - half)), high: Math.min(1, Math.max(share, centre + half)) };
}

/** Mean squared difference between confidences in [0, 1] and outcomes (Brier 1950). 0 is perfect; constant ½ gives ¼. NaN for empty lists. */
export function brier(confidences: readonly number[], outcomes: readonly boolean[]): number {
  requireSameLength(confidences, outcomes);
  return mean(confidences.map((confidence, index) => square(confidence - (outcomes[index] ? 1 : 0))));
}

/**
 * Area under the ROC curve: the probability that a random positive scores above a random negative, ties counting one half
 * (Mann and Whitney's U by mid-ranks). NaN where one of the two classes is missing.
 */
export function areaUnderCurve(scores: readonly number[], outcomes: readonly boolean[]): number {
  requireSameLength(scores, outcomes);
  const order = scores.map((_, index) => index).sort((a, b) => (scores[a] as number) - (scores[b] as number));
  let positives = 0;
  let rankSum = 0;
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && scores[order[end] as number] === scores[order[start] as number]) end++;
    const tiedPositives = order.slice(start, end).filter((index) => outcomes[index]).length;
    positives += tiedPositives;
    rankSum += (tiedPositives * (start + 1 + end)) / 2;
    start = end;
  }
  const negatives = scores.length - positives;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** One step of an exponential moving average: rate 1 forgets everything, rate 0 learns nothing. */
export function movingAverage(previous: number, value: number, rate: number): number {
  return previous + rate * (value - previous);
}

function requireSameLength(left: readonly unknown[], right: readonly unknown[]): void {
  if (left.length !== right.length) {
    throw new RedQueenError('invalid_argument', `statistics: ${left.length} values do not pair with ${right.length}`);
  }
}
