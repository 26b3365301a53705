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
  /** The same in processor time. */
  readonly processorRatios: readonly number[];
  readonly controls: readonly number[];
}

/** Fewest pairs that are kept. */
const leastPairs = 5;

/** Two clocks: what passes, and what this process computes. */
export interface Clocks {
  /** Seconds of a monotonic clock. */
  readonly now: () => number;
  /** Seconds of processor time of this process, over all its threads. */
  readonly processor: () => number;
}

/** What a run or a pair of them took, by either clock. */
interface Taken {
  readonly wall: number;
  readonly processor: number;
}

async function take(side: Side, { now, processor }: Clocks): Promise<Taken> {
  await side.prepare?.();
  const [start, computed] = [now(), processor()];
  await side.run();
  return { wall: now() - start, processor: processor() - computed };
}

/** What the first took over what the second took, run in the order told. */
async function ratioOf(first: Side, second: Side, secondLeads: boolean, clocks: Clocks): Promise<Taken> {
  const leading = await take(secondLeads ? second : first, clocks);
  const trailing = await take(secondLeads ? first : second, clocks);
  const [a, b] = secondLeads ? [trailing, leading] : [leading, trailing];
  return { wall: a.wall / b.wall, processor: a.processor / b.processor };
}

/**
 * Runs `pairs` + 1 pairs of both sides as A B B A A B …, so that drift cancels, and after each two pairs as many of the control side with itself; the
 * first pair of each kind warms up and is dropped. Throws `invalid_argument` for fewer than five pairs.
 */
export async function comparePairs(comparison: Comparison, pairs: number, clocks: Clocks): Promise<Ratios> {
  if (!Number.isInteger(pairs) || pairs < leastPairs)
    throw new RedQueenError('invalid_argument', `pairs is ${pairs}; it must be a whole number from ${leastPairs}`);
  const { baseline, subject, control } = comparison;
  const compared: Taken[] = [];
  const controls: Taken[] = [];
  const controlSide = comparison[control];
  for (let pair = 0; pair <= pairs; pair++) {
    const turned = pair % 2 === 1;
    compared.push(await ratioOf(baseline, subject, turned, clocks));
    if (!turned && pair < pairs) continue;
    while (controls.length < compared.length) controls.push(await ratioOf(controlSide, controlSide, controls.length % 2 === 1, clocks));
  }
  return {
    ratios: compared.slice(1).map(({ wall }) => wall),
    processorRatios: compared.slice(1).map(({ processor }) => processor),
    controls: controls.slice(1).map(({ wall }) => wall),
  };
}
