import { expect, test } from 'vitest';
import { fold } from '../../../services/reward-aggregator/src/fold/fold.ts';
import { initialState } from '../../../services/reward-aggregator/src/fold/state.ts';
import { rulesOf } from '../../../services/reward-aggregator/src/rules.ts';
import { recordWith } from '../../../services/reward-aggregator/src/test-support.ts';
import { type Cost, costsByLength, growth, spread } from './growth.ts';
import { Story } from './story.ts';

const sizes = [1000, 10_000, 100_000];
/** Costs of eight windows at each size, a little apart. */
const costs = (of: (size: number) => number): Cost[] =>
  sizes.flatMap((size) => Array.from({ length: 8 }, (_, window) => ({ size, seconds: of(size) * (1 + 0.01 * (window - 3.5)) })));

test('what costs the same everywhere has a spread of 1 and no growth', () => {
  const flat = costs(() => 1e-4);
  expect(spread(flat).value).toBeCloseTo(1, 12);
  expect(growth(flat).value).toBeCloseTo(0, 12);
  expect(growth(flat).low).toBeLessThan(0);
});

test('what costs more with every tenfold is seen as it is', () => {
  const growing = costs((size) => Math.log10(size));
  expect(spread(growing).value).toBeCloseTo(5 / 3, 12);
  expect(growth(growing).value).toBeCloseTo(1 / 4, 2);
  expect(growth(growing).low).toBeGreaterThan(0.2);
  expect(growth(costs((size) => 1 / Math.log10(size))).high).toBeLessThan(0);
});

test('windows are measured once the ledger is as long as it should be', async () => {
  let [length, ready] = [0, 0];
  const lengths: number[] = [];
  const loop = {
    prepare: (events: number) => {
      ready = events;
      lengths.push(length);
    },
    handle: async () => {
      length += ready;
      return ready;
    },
  };
  const measured = await costsByLength(loop, { first: 1, last: 2, windows: 2, events: 7 });
  expect(measured.map(({ size }) => size)).toEqual([10, 10, 100, 100]);
  expect(lengths.slice(0, 4)).toEqual([0, 7, 10, 17]);
  expect(lengths.slice(-2)).toEqual([100, 107]);
});

test.each([1, 8])('the story of %i executors is one that settles everything and fills every agent’s batches', (executors) => {
  const { recipe } = recordWith();
  const rules = rulesOf(recordWith({ roles: { ...recipe.roles, executor: { ...recipe.roles.executor, agents: executors } } }));
  const story = new Story(executors);
  let state = initialState();
  for (let slot = 0; slot < 32; slot++) for (const message of story.next()) state = fold(rules, state, message).state;
  expect(state).toMatchObject({ voided: 0, rewards: { duplicates: 0, late: 0, refused: 0 } });
  expect(state.settled).toBeGreaterThan(128);
  expect(state.episodes.size).toBe(0);
  expect(state.pools.size).toBe(executors + 3);
  for (const pool of state.pools.values()) expect(pool.number).toBeGreaterThan(0);
});
