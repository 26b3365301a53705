import { RedQueenError } from '@redqueen/core';

/** One side of a comparison. */
export interface Side {
  /** Made ready before each run; its time does not count. */
  readonly prepare?: () => Promise<void>;
  readonly run: () => Promise<void>;
}

/** Two sides that do the same work. */
export interface Comparison {
  readonly baseline: Side;
  readonly subject: Side;
  /** The side that is compared with itself: the one that costs less where they differ much. */
  readonly control: 'baseline' | 'subject';
}

/** How many times faster the subject is, pair by pair, and the control side against itself. */
export interface Ratios {
  readonly ratios: readonly number[];
  readonly controls: readonly number[];
}

/** Fewest pairs that are kept. */
export const leastPairs = 5;

async function secondsOf(side: Side, now: () => number): Promise<number> {
  await side.prepare?.();
  const start = now();
  await side.run();
  return now() - start;
}

/** Seconds of the first over seconds of the second, run in the order told. */
async function ratioOf(first: Side, second: Side, secondLeads: boolean, now: () => number): Promise<number> {
  if (!secondLeads) {
    const seconds = await secondsOf(first, now);
    return seconds / (await secondsOf(second, now));
  }
  const seconds = await secondsOf(second, now);
  return (await secondsOf(first, now)) / seconds;
}

/**
 * Runs `pairs` + 1 pairs of both sides as A B B A A B …, so that drift cancels, and after each two pairs as many of the control side with itself; the first pair of each kind warms up
 * and is dropped. `now`: seconds of a monotonic clock. Throws `invalid_argument` for fewer than five pairs.
 */
export async function comparePairs(comparison: Comparison, pairs: number, now: () => number): Promise<Ratios> {
  if (!Number.isInteger(pairs) || pairs < leastPairs)
    throw new RedQueenError('invalid_argument', `pairs is ${pairs}; it must be a whole number from ${leastPairs}`);
  const { baseline, subject, control } = comparison;
  const ratios: number[] = [];
  const controls: number[] = [];
  const controlSide = comparison[control];
  for (let pair = 0; pair <= pairs; pair++) {
    const turned = pair % 2 === 1;
    ratios.push(await ratioOf(baseline, subject, turned, now));
    if (!turned && pair < pairs) continue;
    while (controls.length < ratios.length) controls.push(await ratioOf(controlSide, controlSide, controls.length % 2 === 1, now));
  }
  return { ratios: ratios.slice(1), controls: controls.slice(1) };
}
