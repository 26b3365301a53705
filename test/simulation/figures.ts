import { crashPoints } from './crash-points.ts';
import type { Family } from './plan.ts';
import { oneSchedule, type Failure, type RangeResult } from './range.ts';
import { inProcesses } from './workers.ts';

/** How much to run. */
export interface FigureOptions {
  /** Schedules of any faults. */
  readonly schedules: number;
  /** Number of the first one. */
  readonly seed: number;
  readonly workers: number;
}

/** What the schedules say of one robustness figure. */
export interface Figure {
  readonly id: string;
  /** Schedules without a violation. */
  readonly value: number;
  /** Schedules that were run; for R3 of those wanted. */
  readonly target: number;
  readonly seconds: number;
  readonly verdict: 'met' | 'missed';
  /** The first schedule, or the first that broke a promise. */
  readonly seed: string;
  readonly note: string;
  readonly failures: readonly Failure[];
}

/** R3: so many schedules in so many seconds. */
const target = { schedules: 10_000, seconds: 120 };
const seedsPerCrashPoint = 20;
const replays = 20;

interface Wanted {
  readonly id: string;
  readonly family: Family;
  readonly count: number;
  readonly note: (result: RangeResult) => string;
}

/** The figures, one after the other, as soon as each is known. */
export async function* figuresOf(options: FigureOptions): AsyncGenerator<Figure> {
  const { schedules } = options;
  const share = Math.min(1, schedules / target.schedules);
  const crashes = Math.max(1, Math.round(seedsPerCrashPoint * share)) * crashPoints.length;
  const note = ({ events }: RangeResult): string => `${events} events`;
  const any = await rangeOf(options, { id: 'R3', family: 'any', count: schedules, note });
  yield await withReplays(options, any.figure, any.result);
  const wanted: Wanted[] = [
    {
      id: 'R2',
      family: 'crash',
      count: crashes,
      note: ({ crashed }) => `${crashPoints.length} points, reached in ${crashed} schedules`,
    },
    { id: 'R8', family: 'again', count: Math.max(20, Math.round(1000 * share)), note },
    { id: 'R21', family: 'clock', count: Math.max(20, Math.round(500 * share)), note },
  ];
  for (const one of wanted) yield (await rangeOf(options, one)).figure;
}

async function rangeOf(
  { seed, workers }: FigureOptions,
  { id, family, count, note }: Wanted,
): Promise<{ figure: Figure; result: RangeResult }> {
  const began = performance.now();
  const result = await inProcesses({ family, from: seed, count }, workers);
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  const broken = result.failures;
  const fastEnough = id !== 'R3' || seconds * (target.schedules / count) <= target.seconds;
  const figure: Figure = {
    id,
    value: result.schedules - broken.length,
    target: count,
    seconds,
    verdict: broken.length === 0 && fastEnough ? 'met' : 'missed',
    seed: `${family}:${broken[0]?.number ?? seed}`,
    note: `${seconds} s, ${note(result)}`,
    failures: broken,
  };
  return { figure, result };
}

/** R3 asks as well that schedules can be replayed: some of them once more in this process, and one that failed again and again. */
async function withReplays({ seed }: FigureOptions, figure: Figure, result: RangeResult): Promise<Figure> {
  const [failure] = result.failures;
  const numbers = failure
    ? Array.from({ length: replays }, () => failure.number)
    : Object.keys(result.hashes).slice(0, replays).map(Number);
  let same = 0;
  for (const number of numbers) {
    const { traceHash } = await oneSchedule('any', number);
    if (traceHash === (failure?.traceHash ?? result.hashes[number])) same++;
  }
  const what = failure ? `any:${failure.number} again` : `schedules from any:${seed}`;
  const note = `${figure.note}; replayed alike: ${same}/${numbers.length} (${what})`;
  return { ...figure, note, verdict: same === numbers.length ? figure.verdict : 'missed' };
}
