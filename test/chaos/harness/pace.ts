// How fast learning goes on, from the times at which its steps were stored. All times in milliseconds on one clock.

/** A stretch of time. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Steps of learning (settlements, commits), as they were stored: ascending times. */
export type Steps = readonly number[];

/** Without a step for longer than this, learning is not in progress. */
export const stallMs = 1000;

/** Steps a second within a span. */
export function rateOf(steps: Steps, { from, to }: Span): number {
  return steps.filter((at) => at >= from && at < to).length / ((to - from) / 1000);
}

/** The pauses between steps within a span, its ends counted as steps. */
function gapsOf(steps: Steps, { from, to }: Span): Span[] {
  const marks = [from, ...steps.filter((at) => at > from && at < to), to];
  return marks.slice(1).map((mark, index) => ({ from: marks[index] ?? from, to: mark }));
}

/** Effective training time: the share of the span that lies in no pause longer than `stallMs` (RobustRL's ETTR). */
export function effectiveShare(steps: Steps, span: Span): number {
  const stalled = gapsOf(steps, span)
    .map((gap) => gap.to - gap.from)
    .filter((length) => length > stallMs);
  return 1 - stalled.reduce((sum, length) => sum + length, 0) / (span.to - span.from);
}

/**
 * Time from a fault until learning flows again: to the end of the longest pause that touches the time until the next fault. What still trickles out of the
 * mailboxes right after the fault does not count as resumed. Infinity where no step came any more.
 */
export function resumedAfter(steps: Steps, fault: number, nextFault: number): number {
  const last = steps.at(-1) ?? Number.NEGATIVE_INFINITY;
  const gaps = gapsOf(steps, { from: fault, to: Math.max(last, fault) }).filter((gap) => gap.from < nextFault);
  const longest = gaps.reduce((most, gap) => (gap.to - gap.from > most.to - most.from ? gap : most), { from: fault, to: fault });
  return longest.to > longest.from ? longest.to - fault : Number.POSITIVE_INFINITY;
}

/** Time from a fault until the first of these steps; Infinity where none came. */
export function firstAfter(steps: Steps, fault: number): number {
  return (steps.find((at) => at > fault) ?? Number.POSITIVE_INFINITY) - fault;
}

/** The value that a share of the values does not exceed, by the nearest rank: of five values the 0.95 quantile is the largest. NaN for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
