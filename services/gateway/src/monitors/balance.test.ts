import type { ToldInput } from '@redqueen/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { told, testRecipe } from '../projection/builders.ts';
import { balanceScore, selectionOf, type ScoredAnswer } from './balance-score.ts';
import { bestSetting, estimates, grid, scoreTask } from './balance-window.ts';
import { balance, type BalanceState } from './balance.ts';
import type { Monitor } from '@redqueen/core';

const right = (answer: string, score = 1): ScoredAnswer => ({ answer, right: true, score });
const wrong = (answer: string, score = 0): ScoredAnswer => ({ answer, right: false, score });
const anyAnswers = fc.array(
  fc
    .record({ answer: fc.constantFrom('1', '2', '3', '4'), score: fc.double({ min: -0.2, max: 1.2, noNaN: true }) })
    .map(({ answer, score }) => ({
      answer,
      score,
      // An answer is right or wrong, whoever gives it.
      right: answer < '3',
    })),
  { maxLength: 8 },
);

describe('balance score', () => {
  test('golden values: min(n′/n*, 1) · n′/n', () => {
    expect(balanceScore({ selected: 4, right: 2 }, 4)).toBe(0.25);
    expect(balanceScore({ selected: 10, right: 8 }, 8)).toBe(0.8);
    expect(balanceScore({ selected: 16, right: 16 }, 8)).toBe(1);
    expect(balanceScore({ selected: 0, right: 0 }, 1)).toBe(0);
  });

  test('is 1 exactly where all that is selected is distinct and right, and there is enough of it', () => {
    fc.assert(
      fc.property(fc.nat(12), fc.nat(12), fc.integer({ min: 1, max: 8 }), (good, bad, enough) => {
        const score = balanceScore({ selected: good + bad, right: good }, enough);
        expect(score === 1).toBe(bad === 0 && good >= enough);
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('is 0 without a right answer', () => {
    expect(balanceScore(selectionOf([wrong('1'), wrong('2', 1.2)], 0), 1)).toBe(0);
  });

  test('does not depend on the order of the attempts, and copies of an answer change nothing', () => {
    fc.assert(
      fc.property(anyAnswers, fc.double({ min: -0.2, max: 1.2, noNaN: true }), (answers, threshold) => {
        const selection = selectionOf(answers, threshold);
        expect(selectionOf(answers.toReversed(), threshold)).toEqual(selection);
        expect(selectionOf([...answers, ...answers], threshold)).toEqual(selection);
      }),
    );
  });

  test('only what was attempted is selected: nobody adds the official solution', () => {
    fc.assert(
      fc.property(anyAnswers, (answers) => {
        const { selected, right: good } = selectionOf(answers, -1);
        expect(selected).toBe(new Set(answers.map(({ answer }) => answer)).size);
        expect(good).toBeLessThanOrEqual(answers.filter((one) => one.right).length);
      }),
    );
  });
});

describe('estimate', () => {
  const estimator = { temperatures: grid(0.5, 1.2, 0.05), thresholds: [0, 1], bandwidth: 0.1, fewest: 2 };

  test('the grid is exact', () => {
    expect(grid(0.5, 1.2, 0.05)).toHaveLength(15);
    expect(grid(0.5, 1.2, 0.05)[14]).toBe(1.2);
  });

  test('finds the temperature and the threshold of the best tasks, and considers no temperature that nobody tried', () => {
    const tasks = [0.7, 0.7, 0.7, 0.9, 0.9, 0.9].map((temperature) =>
      scoreTask(temperature, temperature > 0.8 ? [right('1'), wrong('2')] : [wrong('1')], estimator.thresholds, 1),
    );
    const settings = estimates(tasks, estimator);
    expect(settings.some(({ temperature }) => temperature < 0.65 || temperature > 0.95)).toBe(false);
    expect(bestSetting(settings, { temperature: 0.5, threshold: 0 })).toEqual({ temperature: 0.9, threshold: 1, score: 1 });
  });

  test('of equal settings it keeps the nearest to the present one', () => {
    const tasks = Array.from({ length: 20 }, () => scoreTask(0.8, [right('1')], estimator.thresholds, 1));
    const settings = estimates(tasks, { ...estimator, temperatures: [0.75, 0.8, 0.85] });
    expect(bestSetting(settings, { temperature: 0.84, threshold: 0.9 })).toMatchObject({ temperature: 0.85, threshold: 1 });
    expect(bestSetting([], { temperature: 1, threshold: 0 })).toBeUndefined();
  });
});

/** The messages of one task: two attempts at a temperature, the first right or none. */
function task(id: string, temperature: number, solved: boolean) {
  const sample = (text: string) => ({ tokens: [1], logProbs: [-0.1], text, failure: 'FAILURE_CLASS_OK' as const });
  const spec = { environment: 'arithmetic', family: 'add', level: 1, canonical: '1+1', origin: 'generator' };
  const group = {
    prompt: '1+1=',
    promptTokens: [1],
    samples: [sample('2'), sample('3')],
    policy: { agent: 'executor/0', version: 0, adapterHash: '' },
  };
  const reward = (turn: number, value: number) => ({
    rewardId: `${id}${turn}`,
    agent: 'executor/0',
    role: 'executor',
    turn,
    term: 'outcome',
    value,
  });
  const bodies: ToldInput[] = [
    { kind: 'attempts', body: { taskId: id, slotId: 's', spec, group, temperature } },
    { kind: 'rewards', body: { episodeId: id, teller: 'verifier/0', rewards: [reward(0, solved ? 1 : 0), reward(1, 0)] } },
    {
      kind: 'settlement',
      body: {
        episodeId: id,
        status: 'SETTLEMENT_STATUS_SETTLED',
        spec,
        totals: [{ agent: 'executor/0', totals: [solved ? 1 : 0, 0], advantages: [], turns: [0, 1] }],
      },
    },
  ];
  return bodies.map((body, index) => told(`${id}-${index}`, 'executor/0', 'verifier/0', body));
}

describe('balance monitor', () => {
  const create = (options: object) =>
    balance.create(options, { seed: 1, recipe: testRecipe({ temperature: 0.7 }) }) as Monitor<BalanceState>;
  const watch = (monitor: Monitor<BalanceState>, tasks: number, solvedAt: (temperature: number) => boolean) => {
    let state = monitor.initial();
    for (let index = 0; index < tasks; index++) {
      const temperature = [0.6, 0.65, 0.7, 0.75, 0.8][index % 5] ?? 0.7;
      for (const message of task(`0.0.${index}`, temperature, solvedAt(temperature))) state = monitor.observe(state, message);
    }
    return state;
  };

  test('turns temperature and threshold to where tasks are solved and only right answers are kept', () => {
    const monitor = create({ every: 40, spread: 0.1, bandwidth: 0.05 });
    const turns = monitor.turn?.(watch(monitor, 40, (temperature) => temperature === 0.8)) ?? [];
    expect(Object.fromEntries(turns.map(({ name, value }) => [name, value]))).toEqual({
      'temperature-spread.executor': 0.1,
      'temperature.executor': 0.8,
      'threshold.executor': 0.1,
    });
    expect(turns[1]?.reason).toContain('1.000');
  });

  test('before the first decision it only widens the draw; what it must not turn it leaves alone', () => {
    const names = (monitor: Monitor<BalanceState>, tasks: number, solvedAt: (temperature: number) => boolean) =>
      monitor.turn?.(watch(monitor, tasks, solvedAt)).map(({ name }) => name);
    const hot = (temperature: number) => temperature === 0.8;
    const monitor = create({ every: 40, turns: ['temperature'], spread: 0.1, bandwidth: 0.05 });
    expect(names(monitor, 39, hot)).toEqual(['temperature-spread.executor']);
    expect(names(monitor, 40, hot)).toEqual(['temperature-spread.executor', 'temperature.executor']);
    // Nowhere better than here: nothing is turned.
    expect(names(monitor, 40, () => true)).toEqual(['temperature-spread.executor']);
    const threshold = create({ every: 40, turns: ['threshold'] });
    expect(threshold.turn?.(threshold.initial())).toEqual([]);
    expect(threshold.turn?.(watch(threshold, 40, () => true))).toMatchObject([{ name: 'threshold.executor', value: 0.1 }]);
  });

  test('what an operator turns stands until the next decision', () => {
    const monitor = create({ every: 40, spread: 0.1, bandwidth: 0.05 });
    const decided = watch(monitor, 40, (temperature) => temperature === 0.8);
    const operator = told('o', 'gateway/0', 'curriculum/0', {
      kind: 'knob',
      body: { name: 'temperature.executor', value: 1, by: 'operator' },
    });
    const after = monitor.observe(decided, operator);
    expect(after.temperature).toBe(1);
    expect(monitor.turn?.(after).map(({ name }) => name)).toEqual(['temperature-spread.executor']);
  });

  test('void tasks and tasks of others are not counted; open ones are forgotten when they end', () => {
    const monitor = create({ every: 4 });
    const [attempts, rewards] = task('0.0.0', 0.7, true);
    const voided = told('v', 'reward-aggregator/0', 'curriculum/0', {
      kind: 'settlement',
      body: { episodeId: '0.0.0', status: 'SETTLEMENT_STATUS_VOID' },
    });
    const state = [attempts, rewards, voided].reduce((so, message) => (message ? monitor.observe(so, message) : so), monitor.initial());
    expect(state).toMatchObject({ fresh: 0, tasks: [] });
    expect(state.open.size).toBe(0);
  });
});
