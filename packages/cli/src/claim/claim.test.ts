import { resolveRecipe, type Recipe } from '@redqueen/core';
import type { RunReport } from '@redqueen/sdk';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { armRuns } from './arms.ts';
import { requireAskedFigures } from './asked-figures.ts';
import { armFigure, check, checkAll, pairedFigures, type ArmResult } from './evaluate.ts';
import { findChange, newcombe } from './figures.ts';
import { armTable, expectationLines } from './render.ts';

type Row = RunReport['heldOut'][number];

function row(figure: string, before: number, after: number, change: Partial<Row> = {}): Row {
  return {
    role: 'executor',
    agent: 'executor/0',
    environment: 'all',
    family: '',
    figure,
    higherIsBetter: true,
    before: { value: before, count: 100 },
    after: { value: after, count: 100 },
    ...change,
  };
}

function result(arm: string, seed: number, before: number, after: number): ArmResult {
  const report = { heldOut: [row('sampled', before, after)], agents: [], rewards: [], tokens: { sampled: 1000 } } as unknown as RunReport;
  return { arm, seed, run: `${arm}-${seed}`, error: '', report };
}

type Expectation = NonNullable<Recipe['claim']>['expect'][number];
const gain = (change: Partial<Expectation> = {}): Expectation => ({
  figure: 'executor.sampled',
  arm: 'treatment',
  of: 'gain',
  atLeast: 0.2,
  seeds: 'all',
  ...change,
});

const role = { optimizer: { learningRate: 1e-3 }, rewards: [{ use: 'outcome', weight: 1 }], credit: { use: 'group-normalised' }, batch: 4 };
const recipe = (seed = 7) =>
  resolveRecipe({
    name: 'test',
    model: 'starter',
    updates: 8,
    seed,
    environments: [{ use: 'arithmetic', families: { add: [1] } }],
    curriculum: { use: 'uniform' },
    roles: { executor: role, proposer: role, verifier: role, 'world-model': role },
    claim: {
      headline: 'it learns',
      seeds: 3,
      expect: [],
      arms: [
        { name: 'treatment' },
        { name: 'off', seeds: 1, updates: 2, patch: { slotsPerTick: 1 } },
        { name: 'equal', equalTokens: true, seeds: 2 },
      ],
    },
  });

describe('runs of a claim', () => {
  test('pair seeds, seed by seed, with ids that a second call finds again', () => {
    const runs = armRuns(recipe(), {});
    expect(runs.map(({ arm, seed }) => `${arm}${seed}`)).toEqual(['treatment7', 'off7', 'equal7', 'treatment8', 'equal8', 'treatment9']);
    expect(armRuns(recipe(), {}).map(({ run }) => run)).toEqual(runs.map(({ run }) => run));
    expect(new Set(runs.map(({ run }) => run)).size).toBe(runs.length);
    expect(armRuns(recipe(), { updates: 4 })[0]?.run).not.toBe(runs[0]?.run);
  });

  test('bring along the first arm where another needs its tokens, and refuse unknown arms', () => {
    expect(armRuns(recipe(), { arms: ['equal'], seeds: 1 }).map(({ arm }) => arm)).toEqual(['treatment', 'equal']);
    expect(() => armRuns(recipe(), { arms: ['none'] })).toThrow(/treatment, off, equal/);
  });
});

describe('figures', () => {
  test('a name means the role as a whole, a family or an environment', () => {
    const report = {
      heldOut: [
        row('sampled', 0.1, 0.2),
        row('sampled', 0.3, 0.4, { environment: 'arithmetic', family: 'add' }),
        row('sampled', 0.5, 0.6, { environment: 'arithmetic' }),
      ],
      agents: [],
      rewards: [],
    } as unknown as RunReport;
    expect(findChange(report, 'executor.sampled')?.after.value).toBe(0.2);
    expect(findChange(report, 'executor.sampled.add')?.after.value).toBe(0.4);
    expect(findChange(report, 'executor.sampled.arithmetic')?.after.value).toBe(0.6);
    expect(findChange(report, 'verifier.brier')).toBeUndefined();
  });

  test('a role with several agents is the mean over them; one agent is named in full', () => {
    const report = {
      heldOut: [row('sampled', 0.1, 0.2, { agent: 'executor/0' }), row('sampled', 0.3, 0.6, { agent: 'executor/1' })],
    } as unknown as RunReport;
    expect(findChange(report, 'executor.sampled')?.after.value).toBeCloseTo(0.4);
    expect(findChange(report, 'executor.sampled')?.after.count).toBe(200);
    expect(findChange(report, 'executor/1.sampled')?.after.value).toBe(0.6);
  });

  test('how learning went has names too', () => {
    const curve = [
      { seconds: 1, value: 0.2 },
      { seconds: 9, value: 0.5 },
    ];
    const report = {
      heldOut: [],
      rewards: [{ agent: 'executor/0', term: 'outcome', count: 10, mean: 0.3, curve }],
      agents: [{ agent: 'executor/0', role: 'executor', released: 3, refused: 1, updates: 8, entropy: curve, gradientNorm: [] }],
      attempts: { sampled: 100, settled: 80, solved: 20, failures: { FAILURE_CLASS_TRUNCATED: 5 } },
      proposals: { accepted: 6, rejected: { duplicate: 2 }, generated: 0 },
      tokens: { sampled: 1000, trained: 500, sampledByRole: { executor: 700 } },
      staleness: { mean: 0.5, dropped: 0 },
      updatesDone: 8,
      elapsedSeconds: 12,
      monitors: { waste: { figures: { executor: 0.25 }, curves: { executor: [{ seconds: 1, value: 0.5 }] } } },
      crossPlay: { executors: [0, 9], proposers: [0, 4], cells: [{ executor: 9, proposer: 0, greedy: { value: 0.6, count: 60 } }] },
    } as unknown as RunReport;
    const after = (figure: string) => findChange(report, figure)?.after.value;
    expect(findChange(report, 'executor.reward.outcome')).toMatchObject({ before: { value: 0.2 }, after: { value: 0.5 } });
    expect(after('executor.mean-reward.outcome')).toBe(0.3);
    expect(after('executor.training-entropy')).toBe(0.5);
    expect(after('executor.gradient-norm')).toBeUndefined();
    expect([after('executor.released'), after('executor.tokens'), after('run.tokens')]).toEqual([3, 700, 1000]);
    expect(findChange(report, 'monitor.waste.executor')).toMatchObject({ before: { value: 0.5 }, after: { value: 0.25 } });
    expect([after('cross-play.greedy.last.first'), after('cross-play.greedy.first.first'), after('monitor.none.x')]).toEqual([
      0.6,
      undefined,
      undefined,
    ]);
    expect([after('run.solved'), after('run.failures.FAILURE_CLASS_TRUNCATED'), after('run.rejected.duplicate')]).toEqual([
      0.25, 0.05, 0.25,
    ]);
    expect([after('run.nonsense'), after('executor.reward.nonsense'), after('verifier.released')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('Newcombe agrees with the published example: 56/70 against 48/80 (1998, table II a, method 10)', () => {
    const after = { value: 0.8, count: 70, low: 0.6918, high: 0.8766 };
    const before = { value: 0.6, count: 80, low: 0.4904, high: 0.7003 };
    const interval = newcombe({ before, after });
    expect(interval?.low).toBeCloseTo(0.0524, 3);
    expect(interval?.high).toBeCloseTo(0.3339, 3);
  });
});

describe('figures and expectations of arms', () => {
  test('the interval is Student’s over the seeds', () => {
    const figure = armFigure(
      [result('treatment', 1, 0.2, 0.5), result('treatment', 2, 0.2, 0.4), result('treatment', 3, 0.2, 0.6)],
      'treatment',
      'executor.sampled',
    );
    expect(figure?.gain).toBeCloseTo(0.3);
    // t(0.975, 2) = 4.303; s = 0.1; 4.303 · 0.1 / √3 = 0.248
    expect(figure?.low).toBeCloseTo(0.3 - 0.248, 3);
  });

  test('arms are compared on the seeds that both have', () => {
    const results = [result('treatment', 1, 0.2, 0.5), result('treatment', 2, 0.2, 0.6), result('off', 1, 0.2, 0.2)];
    expect(pairedFigures(results)).toMatchObject([{ arm: 'off', seeds: 1 }]);
    expect(pairedFigures(results)[0]?.difference).toBeCloseTo(0.3);
  });

  test('all, most and mean', () => {
    const results = [result('treatment', 1, 0.2, 0.5), result('treatment', 2, 0.2, 0.5), result('treatment', 3, 0.2, 0.3)];
    expect(check(results, gain()).passed).toBe(false);
    expect(check(results, gain({ seeds: 'most' })).passed).toBe(true);
    expect(check(results, gain({ seeds: 'mean' })).passed).toBe(true);
    expect(check(results, gain({ figure: 'verifier.auc' })).passed).toBe(false);
    expect(check([result('treatment', 1, 0.1, 0.1 + 0.2)], gain()).passed).toBe(true);
  });

  test('expectations about arms that were left out do not count', () => {
    expect(checkAll([result('treatment', 1, 0.2, 0.5)], [gain({ arm: 'off' })])).toEqual([]);
  });

  test('a run that is better everywhere never does worse in the verdict', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 0.5, noNaN: true }), { minLength: 1, maxLength: 6 }),
        fc.double({ min: 0, max: 0.3, noNaN: true }),
        (gains, more) => {
          const results = (extra: number) => gains.map((value, seed) => result('treatment', seed, 0.1, 0.1 + value + extra));
          const passed = (extra: number) => check(results(extra), gain()).passed;
          expect(passed(more) || !passed(0)).toBe(true);
        },
      ),
    );
  });

  test('is printed with what was expected and what every seed gave', () => {
    const results = [result('treatment', 1, 0.2, 0.5), result('treatment', 2, 0.2, 0.41)];
    expect(armTable(results).join('\n')).toContain('+25.5');
    expect(expectationLines(checkAll(results, [gain()]))).toEqual([
      'passed  treatment: executor right, sampled (T=1) gain at least +20.0 on every seed: +30.0, +21.0',
    ]);
  });
});

test('a figure that a claim asks for and no run measured is named, with those that there are', () => {
  const claim = { headline: '', leavesOut: '', seeds: 1, arms: [], expect: [gain({ figure: 'executor.sampeld' })] };
  expect(() => requireAskedFigures(claim, result('treatment', 1, 0.1, 0.2))).toThrow(
    /claim.expect .*executor.sampeld.* are executor.sampled,/,
  );
  expect(() => requireAskedFigures(claim, result('control', 1, 0.1, 0.2))).not.toThrow();
  const effect = { figure: 'executor.x', of: 'gain', arm: 'other', against: 'control', direction: 'up' } as const;
  expect(() => requireAskedFigures({ ...claim, effect }, result('control', 1, 0.1, 0.2))).toThrow(/claim.effect/);
  expect(() => requireAskedFigures({ ...claim, expect: [gain()] }, result('treatment', 1, 0.1, 0.2))).not.toThrow();
});

test('an arm may have any name; the ids of its runs have letters that ids may have', () => {
  const named = resolveRecipe({ ...recipe(), claim: { headline: 'x', seeds: 1, arms: [{ name: 'clip-0.2' }, { name: 'β = ½' }] } });
  for (const { run } of armRuns(named, {})) expect(run).toMatch(/^[\w-]{1,100}$/);
});
