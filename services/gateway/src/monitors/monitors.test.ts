import { addressOf } from '@redqueen/contract';
import { declaredKnobs, type Monitor } from '@redqueen/core';
import { monitorConformance } from '@redqueen/core/conformance';
import { describe, expect, test } from 'vitest';
import { episodeMessages, foldAll, testRecipe, testRecord, told } from '../projection/builders.ts';
import { emptyProjection } from '../projection/projection.ts';
import { sampledCount } from '../projection/sampled.ts';
import { plan } from '../run-control/plan.ts';
import { benchReport, openBench } from './bench.ts';
import { surprisal } from './entropy.ts';
import { monitors } from './registry.ts';
import { wasteOf } from './waste.ts';

const every = ['roles', 'entropy', 'tokens', 'waste'].map((use) => ({ use, options: {} }));
const batch = (wasted: number, groups: number) => ({
  agent: 'executor/0',
  episodes: wasted + groups,
  wasted,
  groups: Array.from({ length: groups }, () => ({
    episodeId: 'e',
    promptTokens: [1],
    samples: [{ tokens: [1, 2], oldLogProbs: [0, 0], advantages: [1, 1] }],
    version: 0,
  })),
});

function figuresOf(messages: Parameters<typeof foldAll>[1]): Record<string, Record<string, number>> {
  const projection = foldAll(emptyProjection(testRecipe({ monitors: every })), messages);
  return Object.fromEntries(Object.entries(benchReport(projection.monitors)).map(([name, { figures }]) => [name, { ...figures }]));
}

describe('monitors', () => {
  test('read rewards, entropy, tokens and waste from the stream', () => {
    const figures = figuresOf([
      ...episodeMessages('0.0.0'),
      told('b', 'reward-aggregator/0', 'policy/0', { kind: 'batch', body: batch(3, 1) }),
    ]);
    expect(figures['roles']).toMatchObject({
      'executor.outcome': 0.5,
      'executor.total': 0.5,
      'proposer.validity': 1,
      'verifier.brier': 0.91,
    });
    expect(figures['entropy']).toEqual({ executor: expect.closeTo(0.3, 6), proposer: expect.closeTo(0.3, 6) });
    expect(figures['tokens']).toEqual({ sampled: 6, 'sampled.executor': 4, 'sampled.proposer': 2, trained: 2, 'cost.per-task': 6 });
    expect(figures['waste']).toEqual({ executor: 0.75 });
  });

  test('entropy leaves out what was given; waste is the share of groups without a signal', () => {
    const sample = { tokens: [1, 2], logProbs: [-1, 0], given: [false, true], text: '', failure: 'FAILURE_CLASS_OK' as const };
    expect(surprisal({ prompt: '', promptTokens: [], samples: [sample], policy: null })).toBe(1);
    expect(surprisal({ prompt: '', promptTokens: [], samples: [], policy: null })).toBeUndefined();
    expect([sampledCount(sample), sampledCount({ tokens: [1, 2], given: [] })]).toEqual([1, 2]);
    const decoded = (body: ReturnType<typeof batch>) => {
      const message = told('b', 'reward-aggregator/0', 'policy/0', { kind: 'batch', body });
      return message.kind === 'batch' ? wasteOf(message.body) : undefined;
    };
    expect(decoded(batch(3, 1))).toBe(0.75);
    expect(decoded(batch(0, 0))).toBe(0);
    expect(decoded(batch(0, 2))).toBe(0);
  });

  test('one that is unknown, named twice or misconfigured is refused', () => {
    expect(() => openBench(testRecipe({ monitors: [{ use: 'mood' }] }))).toThrow(/monitors\[0\].*balance, entropy, roles, tokens, waste/);
    expect(() => openBench(testRecipe({ monitors: [{ use: 'waste' }, { use: 'waste' }] }))).toThrow('named twice');
    expect(() => openBench(testRecipe({ monitors: [{ use: 'balance', options: { enoughh: 1 } }] }))).toThrow('enoughh');
    expect(monitors.names).toHaveLength(5);
  });
});

describe('conformance', () => {
  const messages = [...episodeMessages('0.0.0'), told('b', 'reward-aggregator/0', 'policy/0', { kind: 'batch', body: batch(4, 1) })];
  for (const plugin of monitors.plugins) {
    const promises = monitorConformance(
      plugin,
      { messages, tools: { seed: 1, recipe: testRecipe() } },
      plugin.name === 'balance' ? { every: 1 } : {},
    );
    for (const { promise, check } of promises) test(`${plugin.name}: ${promise}`, check);
  }
});

describe('knobs', () => {
  const recipe = testRecipe({ monitors: [{ use: 'balance' }] });
  const record = testRecord({ recipe });
  const knobs = (projection: ReturnType<typeof emptyProjection>) =>
    plan(record, projection, 2000).filter((step) => step.kind === 'tell' && step.told.kind === 'knob');

  test('a monitor’s order is told to the owner under an id that every replay gives again, until it is on the stream', () => {
    const messages = episodeMessages('0.0.0');
    const [first, again] = [foldAll(emptyProjection(recipe), messages), foldAll(emptyProjection(recipe), messages)];
    expect(knobs(first)).toEqual(knobs(again));
    expect(knobs(first)).toMatchObject([
      {
        id: 'r1-balance-1',
        to: { role: 'curriculum', key: '0' },
        told: { body: { name: 'temperature-spread.executor', value: 0.15, by: 'balance' } },
      },
    ]);
    const step = knobs(first)[0];
    if (step?.kind !== 'tell') throw new Error('no knob');
    foldAll(first, [told(step.id, 'gateway/0', 'curriculum/0', step.told)]);
    expect(knobs(first)).toEqual([]);
    expect(first.controls.knobs['temperature-spread.executor']).toMatchObject({ value: 0.15, by: 'balance' });
  });

  test('a knob that nobody declared is not told; the report says why', () => {
    const projection = foldAll(emptyProjection(recipe), []);
    const [watching] = projection.monitors.watching;
    if (!watching) throw new Error('no monitor');
    const greedy: Monitor = { ...watching.monitor, turn: () => [{ name: 'luck', value: 1, reason: 'why not' }] };
    Object.assign(watching, { monitor: greedy });
    foldAll(projection, episodeMessages('0.0.0'));
    expect(knobs(projection)).toEqual([]);
    expect(benchReport(projection.monitors)['balance']?.problem).toContain('luck');
  });

  test('every declared knob has an owner that is an actor, and a range with its first value', () => {
    for (const name of declaredKnobs.names) {
      const { owner, low, high, initial } = declaredKnobs.get(name);
      expect(addressOf(owner).key).toBe('0');
      const value = initial(recipe);
      if (value !== undefined) expect(value >= low && value <= high).toBe(true);
    }
  });
});
