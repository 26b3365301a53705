import { randomOf } from '@redqueen/core';
import { linearRegression, quantileSorted } from 'simple-statistics';
import { quantileOf } from '../harness/bootstrap.ts';
import type { Estimate } from '../harness/figure.ts';
import { processorSeconds } from './processor-time.ts';

/** Something that handles events, a window of them at a time. */
export interface EventLoop {
  /** Makes ready about `events` events; their making is not measured. */
  prepare(events: number): void;
  /** Lets what was made ready be handled to the end. Returns how many events the ledger grew by. */
  handle(): Promise<number>;
}

/** What one event cost when there was so much of something, e.g. events before it. */
export interface Cost {
  readonly size: number;
  /** Processor time of all processes in seconds. */
  readonly seconds: number;
}

/** Measures windows of events at one size. */
export async function windowsAt(loop: EventLoop, size: number, windows: number, events: number): Promise<Cost[]> {
  const costs: Cost[] = [];
  for (let window = 0; window < windows; window++) {
    loop.prepare(events);
    const before = await processorSeconds();
    const handled = await loop.handle();
    costs.push({ size, seconds: ((await processorSeconds()) - before) / handled });
  }
  return costs;
}

/** Measures windows of events at every power of ten of events handled before, from 10^first to 10^last. */
export async function costsByLength(
  loop: EventLoop,
  { first, last, windows, events }: { readonly first: number; readonly last: number; readonly windows: number; readonly events: number },
): Promise<Cost[]> {
  const costs: Cost[] = [];
  let length = 0;
  for (let decade = first; decade <= last; decade++) {
    while (length < 10 ** decade) {
      loop.prepare(Math.min(events, 10 ** decade - length));
      length += await loop.handle();
    }
    costs.push(...(await windowsAt(loop, 10 ** decade, windows, events)));
    length += windows * events;
  }
  return costs;
}

function bySize(costs: readonly Cost[]): number[][] {
  return [...Map.groupBy(costs, ({ size }) => size).values()].map((group) => group.map(({ seconds }) => seconds));
}

function spreadOf(groups: readonly (readonly number[])[]): number {
  const medians = groups.map((group) => quantileOf(group, 0.5));
  return Math.max(...medians) / Math.min(...medians);
}

const resamples = 2000;

/** Draws every size's windows anew, so that the sizes stay as they are. */
function resampled<Result>(groups: readonly (readonly number[])[], of: (drawn: readonly number[][]) => Result): Result[] {
  const random = randomOf('growth', groups.flat().length);
  return Array.from({ length: resamples }, () => of(groups.map((group) => group.map(() => group[random.integer(group.length)] as number))));
}

function interval(value: number, draws: readonly number[]): Estimate {
  const sorted = draws.toSorted((a, b) => a - b);
  return { value, low: Math.min(value, quantileSorted(sorted, 0.025)), high: Math.max(value, quantileSorted(sorted, 0.975)) };
}

/** The dearest size's median cost of an event over the cheapest one's, with a bootstrap interval. Noise alone makes it more than 1. */
export function spread(costs: readonly Cost[]): Estimate {
  const groups = bySize(costs);
  return interval(spreadOf(groups), resampled(groups, spreadOf));
}

/** By how much an event's cost changes with every tenfold of the size, as a share of the mean cost: the slope of a regression, with a bootstrap interval. */
export function growth(costs: readonly Cost[]): Estimate {
  const sizes = [...new Set(costs.map(({ size }) => Math.log10(size)))];
  const slope = (groups: readonly (readonly number[])[]): number => {
    const points = groups.flatMap((group, place) => group.map((seconds) => [sizes[place] as number, seconds]));
    const mean = points.reduce((sum, [, seconds = 0]) => sum + seconds, 0) / points.length;
    return linearRegression(points).m / mean;
  };
  const groups = bySize(costs);
  return interval(slope(groups), resampled(groups, slope));
}
