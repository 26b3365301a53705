import type { RunReport } from '@redqueen/sdk';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Claim } from './arms.ts';
import { claimDetails, claimLine } from './details.ts';
import { effectQuestion, measureEffect, sideOf, verdictOf, type EffectQuestion } from './effect.ts';
import { checkAll, type ArmResult } from './evaluate.ts';
import { claimRecord } from './record.ts';
import { effectText, figureWords } from './render.ts';

/** A finished run whose executor's greedy accuracy went from 0.3 to `after`. */
function result(arm: string, seed: number, after: number): ArmResult {
  const measured = (value: number) => ({ value, count: 100, low: Math.max(0, value - 0.09), high: Math.min(1, value + 0.09) });
  const row = {
    role: 'executor',
    agent: 'executor/0',
    environment: 'all',
    family: '',
    figure: 'greedy',
    before: measured(0.3),
    after: measured(after),
  };
  const report = { heldOut: [row], tokens: { sampled: 1000 }, updatesDone: 8, elapsedSeconds: 10, endedAt: '2026-01-02T03:04:05Z' };
  return { arm, seed, run: `${arm}-${seed}`, error: '', report: report as unknown as RunReport };
}

const question: EffectQuestion = { figure: 'executor.greedy', of: 'gain', arm: 'a', against: 'b', direction: 'up' };
const pairs = (own: readonly number[], other: readonly number[]): ArmResult[] => [
  ...own.map((after, seed) => result('a', seed, after)),
  ...other.map((after, seed) => result('b', seed, after)),
];
const verdict = (results: readonly ArmResult[], asked = question) => verdictOf(results, [], measureEffect(results, asked));

describe('effect of a claim', () => {
  test('is the mean paired difference with Student’s interval over the seeds', () => {
    const effect = measureEffect(pairs([0.5, 0.6, 0.4], [0.4, 0.4, 0.4]), question);
    // Differences 0.1, 0.2, 0; t(0.975, 2) = 4.3027; s = 0.1; half = 0.2484
    expect(effect).toMatchObject({ pairs: 3 });
    expect(effect?.effect).toBeCloseTo(0.1);
    expect(effect?.low).toBeCloseTo(0.1 - 0.2484, 3);
    expect(effect?.high).toBeCloseTo(0.1 + 0.2484, 3);
  });

  test('counts only seeds that both arms finished, in whatever order they were run', () => {
    const died: ArmResult = { arm: 'b', seed: 2, run: 'b-2', error: 'died' };
    const results = [...pairs([0.5, 0.6, 0.9], [0.4, 0.4]), died];
    expect(measureEffect(results, question)?.pairs).toBe(2);
    expect(measureEffect([...results].reverse(), question)?.effect).toBeCloseTo(0.15);
    expect(verdict(results)).toBe('fails');
  });

  test('works, effect not shown, fails', () => {
    expect(verdict(pairs([0.5, 0.51, 0.52], [0.4, 0.4, 0.4]))).toBe('works');
    expect(verdict(pairs([0.5, 0.4, 0.3], [0.4, 0.4, 0.4]))).toBe('runs, effect not shown');
    expect(verdict(pairs([0.3, 0.31, 0.32], [0.4, 0.4, 0.4]))).toBe('fails');
    expect(verdict(pairs([0.3, 0.31, 0.32], [0.4, 0.4, 0.4]), { ...question, direction: 'down' })).toBe('works');
    expect(verdict(pairs([0.9], [0.1]))).toBe('runs, effect not shown');
    expect(verdict([result('a', 1, 0.5)])).toBe('runs, effect not shown');
  });

  test('equal: the whole interval inside ±margin works, wholly outside fails', () => {
    const equal = { ...question, direction: 'equal' as const, margin: 0.05 };
    expect(verdict(pairs([0.4, 0.41, 0.42], [0.4, 0.41, 0.41]), equal)).toBe('works');
    expect(verdict(pairs([0.5, 0.3, 0.4], [0.4, 0.4, 0.4]), equal)).toBe('runs, effect not shown');
    expect(verdict(pairs([0.6, 0.61, 0.62], [0.4, 0.4, 0.4]), equal)).toBe('fails');
  });

  test('a shown effect does not outweigh an expectation that does not hold', () => {
    const results = pairs([0.5, 0.51, 0.52], [0.4, 0.4, 0.4]);
    const checks = checkAll(results, [{ arm: 'b', figure: 'executor.greedy', of: 'gain', atMost: 0, seeds: 'all' }]);
    expect(verdictOf(results, checks, measureEffect(results, question))).toBe('runs, effect not shown');
  });

  test('swapping the arms swaps the claim', () => {
    const accuracies = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(accuracies, accuracies, (own, other) => {
        const results = pairs(own, other);
        const one = measureEffect(results, question);
        const swapped = measureEffect(results, { ...question, arm: 'b', against: 'a', direction: 'down' });
        expect(swapped?.effect).toBeCloseTo(-(one?.effect ?? 0), 9);
        expect(swapped && sideOf(swapped)).toBe(one && sideOf(one));
      }),
    );
  });

  test('a claim without one has the first gain that it expects', () => {
    const expectation = { arm: 'a', figure: 'executor.greedy', of: 'gain', atLeast: 0.1, seeds: 'all' };
    const claim = { expect: [{ ...expectation, of: 'value' }, expectation] } as unknown as Claim;
    const asked = effectQuestion(claim);
    expect(asked).toMatchObject({ figure: 'executor.greedy', arm: 'a', against: '', direction: 'up' });
    const results = [0.5, 0.51, 0.52].map((after, seed) => result('a', seed, after));
    expect(asked && measureEffect(results, asked)?.effect).toBeCloseTo(0.21);
    expect(effectQuestion({ expect: [] } as unknown as Claim)).toBeUndefined();
  });
});

describe('what a claim leaves behind', () => {
  const results = pairs([0.5, 0.51, 0.52], [0.4, 0.4, 0.4]);
  const effect = measureEffect(results, question);
  const outcome = { claim: 'test', verdict: 'works' as const, effect, checks: [], results };

  test('one line with exactly the agreed keys', () => {
    const line = JSON.parse(claimLine(outcome)) as Record<string, unknown>;
    expect(Object.keys(line)).toEqual(['claim', 'verdict', 'effect', 'low', 'high', 'pairs']);
    expect(line).toMatchObject({ claim: 'test', verdict: 'works', pairs: 3 });
    expect(line['effect']).toBeCloseTo(0.11);
  });

  test('null where nothing bounds or was measured', () => {
    const one = measureEffect(pairs([0.5], [0.4]), question);
    expect(JSON.parse(claimLine({ ...outcome, effect: one }))).toMatchObject({ low: null, high: null, pairs: 1 });
    expect(JSON.parse(claimLine({ ...outcome, effect: undefined }))).toMatchObject({ effect: null, low: null, high: null, pairs: 0 });
  });

  test('details name every run, the record every arm', () => {
    expect((JSON.parse(claimDetails(outcome)) as { runs: unknown[] }).runs).toHaveLength(6);
    const record = claimRecord(outcome, 'abc', [], {});
    expect(record).toMatchObject({ claim: 'test', recipe: 'abc', date: '2026-01-02', tokens: 6000, seconds: 60, verdict: 'works' });
    expect(record.arms.map(({ arm, seeds }) => [arm, seeds])).toEqual([
      ['a', [0, 1, 2]],
      ['b', [0, 1, 2]],
    ]);
    expect(record.arms[1]?.figures['executor.greedy']).toMatchObject({ before: 0.3, after: 0.4, gain: 0.1, low: 0.1 });
    expect(record).not.toHaveProperty('changed');
  });

  test('in words', () => {
    expect(effectText(effect)).toBe(
      'Effect: executor right, greedy, gain of a − b: +11.0, 95 % interval [+8.5, +13.5] over 3 seeds; claimed above 0.',
    );
    expect(effectText(undefined)).toBe('Effect: not measured.');
    expect([figureWords('greedy'), figureWords('greedy.add'), figureWords('reward.outcome')]).toEqual([
      'right, greedy',
      'right, greedy, add',
      'reward, outcome',
    ]);
  });
});
