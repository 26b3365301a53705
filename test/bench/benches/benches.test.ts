// Every bench that computes in this process really runs, on tiny models, and gives a finite number. How fast anything is, is not asserted.
import { afterAll, expect, test } from 'vitest';
import { temporaryFolder } from '../../../packages/llama/src/testing/tiny-model.ts';
import { runBench } from '../harness/bench.ts';
import { clocks, Models } from '../models.ts';
import { fairShare } from './contention.ts';
import { benches } from './index.ts';
import { runBenches } from './run.ts';
import { lognormalLengths } from './slots.ts';
import { longestWait } from './turns.ts';

const folder = temporaryFolder();
afterAll(() => folder.dispose());
const models = new Models(folder.path);

/** Runs of a whole cluster are what the end-to-end tests are for. */
const here = benches.filter((bench) => !runBenches.includes(bench));

test.each(here.map((bench) => [bench.id, bench] as const))('%s', async (id, bench) => {
  const figure = await runBench(bench, 'smoke', { ...clocks, threads: 1, models });
  expect(figure.id).toBe(id);
  for (const value of [figure.value, figure.low, figure.high]) expect(value).toSatisfy(Number.isFinite);
  expect(figure.low).toBeLessThanOrEqual(figure.value);
  expect(figure.high).toBeGreaterThanOrEqual(figure.value);
  // Counts may be 0; ratios and times may not.
  if (figure.count > 1) expect(figure.low).toBeGreaterThan(0);
  expect(['met', 'missed', 'not shown']).toContain(figure.verdict);
});

test('the longest wait is the most turns of any other agent between two of one, or before its first', () => {
  expect(longestWait([0, 1, 2, 0, 1, 2], 3)).toBe(1);
  expect(longestWait([0, 0, 0, 1], 2)).toBe(3);
  expect(longestWait([0, 1, 1, 2, 2, 0], 3)).toBe(2);
  expect(longestWait([], 2)).toBe(0);
});

test('a fair scheduler leaves c of c + 1 shares to as many threads as cores, and everything where cores are free', () => {
  expect(fairShare(2, 2)).toBeCloseTo(2 / 3, 12);
  expect(fairShare(1, 1)).toBe(0.5);
  expect(fairShare(1, 4)).toBe(1);
});

test('lengths are lognormal with σ = 1, whole, and the same every time', () => {
  const lengths = lognormalLengths(4000, 100);
  expect(lognormalLengths(4000, 100)).toEqual(lengths);
  const logarithms = lengths.map((length) => Math.log(length / 100));
  const mean = logarithms.reduce((sum, value) => sum + value, 0) / lengths.length;
  const deviation = Math.sqrt(logarithms.reduce((sum, value) => sum + (value - mean) ** 2, 0) / lengths.length);
  expect(Math.abs(mean)).toBeLessThan(0.06);
  expect(Math.abs(deviation - 1)).toBeLessThan(0.05);
  expect(lengths.every((length) => Number.isInteger(length) && length >= 1 && length <= 3200)).toBe(true);
});
