import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bootstrapQuantile, quantileOf } from './bootstrap.ts';
import type { Direction, Load } from './figure.ts';
import { loadBetween, parsePressure, parseProcessorTimes, sampleLoad, type LoadSample } from './load.ts';
import { comparePairs, type Side } from './pairs.ts';
import { judge, type Evidence } from './verdict.ts';

const values = fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { minLength: 1, maxLength: 12 });

describe('estimates', () => {
  test('hold the value between their ends, stay inside the range of what was seen, and come out the same again', () => {
    fc.assert(
      fc.property(values, fc.constantFrom(0.5, 0.99), fc.nat(), (list, share, seed) => {
        const { value, low, high } = bootstrapQuantile(list, share, seed);
        expect(low).toBeLessThanOrEqual(value);
        expect(value).toBeLessThanOrEqual(high);
        expect(low).toBeGreaterThanOrEqual(Math.min(...list));
        expect(high).toBeLessThanOrEqual(Math.max(...list));
        expect(bootstrapQuantile(list, share, seed)).toEqual({ value, low, high });
      }),
      { numRuns: 25 },
    );
  });

  test('of medians are those of the sorted middle, and of one value that value', () => {
    expect(quantileOf([9, 1, 5], 0.5)).toBe(5);
    expect(quantileOf([9, 1, 5, 7], 0.5)).toBe(6);
    expect(bootstrapQuantile([3], 0.5, 1)).toEqual({ value: 3, low: 3, high: 3 });
  });

  test('of a median cover the true one about as often as they say', () => {
    let covered = 0;
    const rounds = 100;
    for (let round = 0; round < rounds; round++) {
      // A stream of uniform numbers of its own a round, around a median of 1.
      const list = Array.from({ length: 9 }, (_, index) => {
        const hash = Math.sin(round * 78.233 + index * 12.9898) * 43758.5453;
        return 0.5 + (hash - Math.floor(hash));
      });
      const { low, high } = bootstrapQuantile(list, 0.5, round);
      if (low <= 1 && high >= 1) covered++;
    }
    expect(covered / rounds).toBeGreaterThan(0.88);
  }, 20_000);

  test('refuse an empty list and values that are not finite', () => {
    expect(() => quantileOf([], 0.5)).toThrow(/no values/);
    expect(() => bootstrapQuantile([1, Number.NaN], 0.5, 1)).toThrow(/NaN is no finite value/);
  });
});

/** Sides that take simulated seconds, on a clock of their own. */
function simulated(seconds: Readonly<Record<'A' | 'B', (run: number) => number>>) {
  let clock = 0;
  const order: string[] = [];
  const side = (name: 'A' | 'B'): Side => ({
    prepare: async () => {
      clock += 1000;
    },
    run: async () => {
      order.push(name);
      clock += seconds[name](order.length);
    },
  });
  return {
    order,
    clocks: { now: () => clock, processor: () => clock / 2 },
    comparison: { baseline: side('A'), subject: side('B'), control: 'baseline' as const },
  };
}

describe('pairs', () => {
  test('run A B B A, each two pairs followed by the control, and drop the first of each kind', async () => {
    const { order, clocks, comparison } = simulated({ A: () => 2, B: () => 1 });
    const { ratios, processorRatios, controls } = await comparePairs(comparison, 5, clocks);
    expect(order.join('')).toBe('ABBAAAAA'.repeat(3));
    expect(ratios).toEqual([2, 2, 2, 2, 2]);
    expect(processorRatios).toEqual(ratios);
    expect(controls).toEqual([1, 1, 1, 1, 1]);
  });

  test('leave out what a warm-up costs, and the time of preparations', async () => {
    const { clocks, comparison } = simulated({ A: (run) => (run === 1 ? 500 : 3), B: () => 2 });
    const { ratios, controls } = await comparePairs(comparison, 6, clocks);
    expect(ratios).toEqual(Array.from({ length: 6 }, () => 1.5));
    expect(controls).toHaveLength(6);
  });

  test('cancel a steady drift in the median', async () => {
    const drifting = (base: number) => (run: number) => base * 1.01 ** run;
    const { clocks, comparison } = simulated({ A: drifting(1.2), B: drifting(1) });
    const { ratios, controls } = await comparePairs(comparison, 8, clocks);
    expect(quantileOf(ratios, 0.5)).toBeCloseTo(1.2, 2);
    expect(quantileOf(controls, 0.5)).toBeCloseTo(1, 2);
  });

  test('are at least five', async () => {
    const { clocks, comparison } = simulated({ A: () => 1, B: () => 1 });
    await expect(comparePairs(comparison, 4, clocks)).rejects.toThrow(/pairs is 4/);
  });
});

const quiet: Load = { average: 0.5, steal: 0, pressure: 0.01, foreign: 0.02 };
const evidence = (changes: Partial<Evidence>): Evidence => ({
  value: 1,
  low: 0.98,
  high: 1.02,
  target: 0.95,
  direction: 'at least',
  control: 1.01,
  timed: true,
  load: quiet,
  ...changes,
});

describe('verdicts', () => {
  test.each<[string, Partial<Evidence>, string, RegExp | undefined]>([
    ['an interval above the target', {}, 'met', undefined],
    ['an interval that touches it', { low: 0.95 }, 'met', undefined],
    ['an interval below it', { value: 0.9, low: 0.85, high: 0.94 }, 'missed', undefined],
    ['an interval around it', { low: 0.9 }, 'not shown', /straddles/],
    ['a control that is off', { control: 1.04 }, 'not shown', /itself gives 1\.040/],
    ['a control at the bound', { control: 1.03 }, 'met', undefined],
    ['no comparison', { control: undefined }, 'met', undefined],
    ['a control that is no number', { control: Number.NaN }, 'not shown', /itself/],
    ['a busy machine', { load: { ...quiet, foreign: 0.11 } }, 'not shown', /other processes used 11 %/],
    ['a machine that does not tell', { load: { ...quiet, foreign: Number.NaN } }, 'not shown', /does not tell/],
    ['a count on a busy machine', { timed: false, load: { ...quiet, foreign: 0.9 } }, 'met', undefined],
    ['no value', { value: Number.NaN }, 'not shown', /not finite/],
    ['a limit kept', { direction: 'at most', target: 2 }, 'met', undefined],
    ['a limit broken', { direction: 'at most', target: 0.5 }, 'missed', undefined],
  ])('%s', (_, changes, verdict, reason) => {
    const judgement = judge(evidence(changes));
    expect(judgement.verdict).toBe(verdict);
    expect(judgement.reason ?? '').toMatch(reason ?? /^$/);
  });

  test('never say met and missed of the same interval, and mirror with the direction', () => {
    const number = fc.double({ min: -10, max: 10, noNaN: true });
    fc.assert(
      fc.property(fc.tuple(number, number, number), number, (ends, target) => {
        const [low = 0, value = 0, high = 0] = ends.toSorted((a, b) => a - b);
        const verdict = (direction: Direction, sign: 1 | -1): string =>
          judge(
            evidence({
              value: sign * value,
              low: sign === 1 ? low : -high,
              high: sign === 1 ? high : -low,
              target: sign * target,
              direction,
            }),
          ).verdict;
        const up = verdict('at least', 1);
        expect(verdict('at most', -1)).toBe(up);
        expect(up).toBe(low >= target ? 'met' : high < target ? 'missed' : 'not shown');
      }),
    );
  });
});

describe('load', () => {
  const stat = (busy: number, idle: number, steal: number): string =>
    `cpu  ${busy} 0 0 ${idle} 0 0 0 ${steal} 0 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n`;
  const sample = (text: string, own: number, waited: number | undefined, at: number): LoadSample => ({
    times: parseProcessorTimes(text),
    own,
    waited,
    at,
  });

  test('is what others used of all processors, the hypervisor and waiting told apart', () => {
    const load = loadBetween(sample(stat(1000, 5000, 10), 3, 7, 100), sample(stat(2200, 5700, 110), 12, 9, 110), 1.5);
    // 12 s busy of 20, of them 9 ours; 1 s stolen; 2 s of 10 in which somebody waited.
    expect(load.foreign).toBeCloseTo(0.15, 6);
    expect(load.steal).toBeCloseTo(0.05, 6);
    expect(load.pressure).toBeCloseTo(0.2, 6);
    expect(load.average).toBe(1.5);
  });

  test('is never below nothing, and unknown where the system is silent', () => {
    const none = loadBetween(sample(stat(100, 100, 0), 0, undefined, 0), sample(stat(150, 250, 0), 9, undefined, 1), 0);
    expect(none).toMatchObject({ foreign: 0, pressure: Number.NaN });
    expect(loadBetween(sample('', 0, undefined, 0), sample('', 1, undefined, 1), 0).foreign).toBeNaN();
    expect(parsePressure('some avg10=1.00 avg60=2.00 avg300=3.00 total=2500000\nfull avg10=0 total=1\n')).toBe(2.5);
    expect(parsePressure('')).toBeUndefined();
  });

  test.skipIf(process.platform !== 'linux')('counts the work of this process as its own', async () => {
    const before = await sampleLoad();
    const start = process.cpuUsage();
    while (process.cpuUsage(start).user + process.cpuUsage(start).system < 300_000) Math.sqrt(2);
    const after = await sampleLoad();
    expect(after.own - before.own).toBeGreaterThan(0.25);
    expect(after.times?.busy).toBeGreaterThan(before.times?.busy ?? 0);
  });
});
