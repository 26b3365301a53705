import { describe, expect, it } from 'vitest';
import { testPlan } from '../testing/plan.ts';
import { batchOf, requestOf } from './test-support.ts';

const settings = testPlan({}).recipe.roles.executor.optimizer;

describe('policy-gradient', () => {
  it('takes advantages of both signs as they are, without a ratio or with one up to the cap', () => {
    const plain = requestOf('policy-gradient', batchOf([1, -1]), settings, 1e-3);
    expect(plain.loss).toMatchObject({ kind: 'likelihood' });
    expect(plain.groups[0]?.samples.map(({ advantages }) => [...advantages])).toEqual([
      [1, 1],
      [-1, -1],
    ]);
    expect(requestOf('policy-gradient', batchOf([1]), settings, 1e-3, { truncateAt: 2 }).loss).toMatchObject({
      kind: 'truncated-importance',
      cap: 2,
    });
    expect(() => requestOf('policy-gradient', batchOf([1]), settings, 1e-3, { truncateAt: 0.5 })).toThrow(/truncateAt/);
  });
});

describe('gspo', () => {
  it('averages over samples, whatever the recipe says of tokens', () => {
    const request = requestOf('gspo', batchOf([1, -1]), settings, 1e-3);
    expect(request).toMatchObject({ normaliser: 2, loss: { kind: 'sequence-clipped', clipLow: 0.2, clipHigh: 0.28 } });
    expect(request.groups[0]?.samples.map(({ weight }) => weight)).toEqual([0.5, 0.5]);
  });
});

describe('grpo', () => {
  it('has a dual clip only where the recipe asks for one', () => {
    expect(requestOf('grpo', batchOf([1]), settings, 1e-3).loss).not.toHaveProperty('dualClip');
    expect(requestOf('grpo', batchOf([1]), settings, 1e-3, { dualClip: 3 }).loss).toMatchObject({ kind: 'clipped', dualClip: 3 });
    expect(() => requestOf('grpo', batchOf([1]), settings, 1e-3, { dualClip: 1 })).toThrow(/dualClip/);
  });
});

describe.each(['dpo', 'orpo'])('%s', (name) => {
  it('pairs the best sample of a group with its worst and leaves groups without two sides out', () => {
    const request = requestOf(name, batchOf([0.5, -1, 2, -0.5]), settings, 1e-3);
    expect(request.normaliser).toBe(1);
    expect(request.groups[0]?.samples.map(({ advantages }) => [...advantages])).toEqual([
      [1, 1],
      [-1, -1],
    ]);
    const sample = (advantage: number, given: boolean) => ({ tokens: [5], oldLogProbs: [-1], advantages: [advantage], given: [given] });
    const groups = [{ episodeId: 'e', promptTokens: [1], samples: [sample(9, true), sample(1, false), sample(0, false)], version: 0 }];
    const [sampled] = requestOf(name, batchOf([], { groups }), settings, 1e-3).groups;
    expect(sampled?.samples.map(({ given }) => given)).toEqual([undefined, undefined]); // what a tool said is no answer
    const level = requestOf(name, batchOf([1, 1, 1]), settings, 1e-3);
    expect(level.groups).toEqual([]);
    expect(level.normaliser).toBe(1);
  });
});

it('dpo becomes exo by its smoothing, which stays below one half', () => {
  expect(requestOf('dpo', batchOf([1, -1]), settings, 1e-3, { beta: 0.3 }).loss).toMatchObject({
    kind: 'preference',
    beta: 0.3,
    smoothing: 0,
  });
  expect(requestOf('dpo', batchOf([1, -1]), settings, 1e-3, { smoothing: 0.1 }).loss).toMatchObject({ smoothing: 0.1 });
  expect(() => requestOf('dpo', batchOf([1, -1]), settings, 1e-3, { smoothing: 0.5 })).toThrow(/smoothing/);
});

describe('evolution-strategies', () => {
  it('asks for the clipped surrogate, with other noise in every batch and for every agent', () => {
    const request = requestOf('evolution-strategies', batchOf([1, -1]), settings, 1e-3, { pairs: 4 });
    expect(request).toMatchObject({ loss: { kind: 'clipped' }, evolution: { pairs: 4, sigma: 0.02 } });
    const seeds = [{}, { number: 4 }, { agent: 'executor/1' }].map(
      (changes) => requestOf('evolution-strategies', batchOf([1], changes), settings, 1e-3).evolution?.seed,
    );
    expect(new Set(seeds).size).toBe(3);
    expect(requestOf('evolution-strategies', batchOf([1]), settings, 1e-3).evolution?.seed).toBe(seeds[0]);
    expect(() => requestOf('evolution-strategies', batchOf([1]), settings, 1e-3, { sigma: 0 })).toThrow(/sigma/);
    expect(() => requestOf('evolution-strategies', batchOf([1]), { ...settings, entropyBonus: 0.1 }, 1e-3)).toThrow(/entropyBonus/);
  });
});
