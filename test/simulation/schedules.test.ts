import { expect, it } from 'vitest';
import { crashPoints } from './crash-points.ts';
import type { Family } from './plan.ts';
import { oneSchedule } from './range.ts';
import { inProcesses } from './workers.ts';

// A short form of `npm run simulate`. A failing schedule's trace: npm run simulate -- --replay <family>:<number>

it.each<[Family, number]>([
  ['any', 150],
  ['crash', 2 * crashPoints.length],
  ['again', 40],
  ['clock', 20],
])('no promise is broken in schedules of the family %s', { timeout: 120_000 }, async (family, count) => {
  const { schedules, failures } = await inProcesses({ family, from: 0, count }, 2);
  expect(failures).toEqual([]);
  expect(schedules).toBe(count);
});

it('a schedule is the same whenever and wherever it is run', { timeout: 60_000 }, async () => {
  const { hashes } = await inProcesses({ family: 'any', from: 5, count: 1 }, 1);
  const again = new Set<string>();
  for (let time = 0; time < 20; time++) again.add((await oneSchedule('any', 5)).traceHash);
  expect([...again]).toEqual([hashes[5]]);
});
