import type { EpisodeFacts, Evidence } from '@redqueen/core';
import { describe, expect, it } from 'vitest';
import { brierReward } from './brier.ts';
import { learnabilityOf } from './learnability.ts';
import { rewardTerms, standardTerms } from './registry.ts';
import { trustOf, verifierScoreOf } from './verifier-score.ts';

const task: EpisodeFacts = {
  episode: '1.0.2',
  kind: 'task',
  proposals: [{ agent: 'proposer/0', turn: 2 }],
  attempts: [0, 1, 2, 3].map((turn) => ({ agent: 'executor/0', turn })),
  judgements: [
    { agent: 'verifier/0', turn: 0, confidence: 0.8 },
    { agent: 'verifier/0', turn: 3, confidence: 0.3 },
  ],
  predictions: [],
};
const rejected: EpisodeFacts = { ...task, episode: '1.0.2/r', kind: 'rejected', attempts: [], judgements: [] };
const prediction: EpisodeFacts = {
  ...task,
  kind: 'prediction',
  proposals: [],
  attempts: [],
  judgements: [],
  predictions: [{ agent: 'world-model/0', turn: 0 }],
};
const outcomes = [1, 0, 0, 1];
const evidence: Evidence = { trust: 0.5, value: (term, turn) => (term === 'outcome' ? outcomes[turn.turn] : undefined) };
const term = (name: string) => rewardTerms.get(name).create({}, {});
const turnsOf = (name: string, facts: EpisodeFacts) =>
  term(name)
    .turns(facts)
    .map((one) => `${one.agent} ${one.turn}`);

describe('golden values', () => {
  it.each([
    [0, 0],
    [0.125, 0.4375],
    [0.5, 1],
    [0.875, 0.4375],
    [1, 0],
  ])('learnability of solve rate %d is %d', (rate, value) => {
    expect(learnabilityOf(rate)).toBe(value);
  });

  it.each([
    [1, 1, 1],
    [0, 1, 0],
    [0.5, 0, 0.75],
    [0.5, 1, 0.75],
    [0.75, 1, 0.9375],
  ])('brier of confidence %d and outcome %d is %d', (confidence, outcome, value) => {
    expect(brierReward(confidence, outcome)).toBe(value);
  });

  it.each([
    [0, 1],
    [0.125, 0.5],
    [0.25, 0],
    [0.4, 0],
    [Number.NaN, 0],
  ])('trust at Brier score %d is %d', (score, trust) => {
    expect(trustOf(score)).toBe(trust);
  });

  it('verifier score is neutral without trust and at a confidence of one half', () => {
    expect(verifierScoreOf(0, 0.9)).toBe(0);
    expect(verifierScoreOf(1, 0.5)).toBe(0);
    expect(verifierScoreOf(0.5, 0)).toBe(-0.5);
  });

  it('formulas read the facts', () => {
    const first = { agent: 'executor/0', turn: 0 };
    expect(term('learnability').formula(task, task.proposals[0] ?? first, evidence)).toBe(1);
    expect(term('brier').formula(task, { agent: 'verifier/0', turn: 3 }, evidence)).toBe(1 - 0.7 ** 2);
    expect(term('verifier-score').formula(task, first, evidence)).toBeCloseTo(0.3, 12);
    expect(term('validity').formula(task, first, evidence)).toBe(1);
    expect(term('validity').formula(rejected, first, evidence)).toBe(0);
  });

  it('a formula that lacks an outcome has no value', () => {
    const blind: Evidence = { trust: 1, value: () => undefined };
    expect(term('learnability').formula(task, { agent: 'proposer/0', turn: 2 }, blind)).toBeUndefined();
    expect(term('brier').formula(task, { agent: 'verifier/0', turn: 3 }, blind)).toBeUndefined();
  });
});

describe('turns', () => {
  it('of a proposed task', () => {
    expect(turnsOf('outcome', task)).toHaveLength(4);
    expect(turnsOf('learnability', task)).toEqual(['proposer/0 2']);
    expect(turnsOf('validity', task)).toEqual(['proposer/0 2']);
    expect(turnsOf('repetition', task)).toEqual(['proposer/0 2']);
    expect(turnsOf('brier', task)).toEqual(['verifier/0 0', 'verifier/0 3']);
    expect(turnsOf('verifier-score', task)).toEqual(['executor/0 0', 'executor/0 3']);
    expect(turnsOf('field-accuracy', task)).toEqual([]);
  });

  it('of a rejected proposal: validity, and what papers say of proposals that are no task', () => {
    const all = rewardTerms.names.flatMap((name) => turnsOf(name, rejected).map((turn) => `${name} ${turn}`));
    expect(all).toEqual(['azr-learnability proposer/0 2', 'mae-proposer proposer/0 2', 'validity proposer/0 2']);
  });

  it('of a prediction', () => {
    const all = rewardTerms.names.flatMap((name) => turnsOf(name, prediction).map((turn) => `${name} ${turn}`));
    expect(all).toEqual(['field-accuracy world-model/0 0']);
  });
});

describe('registry', () => {
  it('lists the known terms where one is unknown', () => {
    expect(() => rewardTerms.get('vibes')).toThrow(/no reward term "vibes"; known: .*brier, field-accuracy/);
  });

  it('every term declares a finite range and a source', () => {
    for (const [name, one] of standardTerms) {
      expect(one.range[0]).toBeLessThan(one.range[1]);
      expect(rewardTerms.get(name).source).not.toBe('');
    }
  });

  it('refuses options that a term does not have', () => {
    expect(() => rewardTerms.get('outcome').create({ scale: 2 }, {})).toThrow(/scale/);
    expect(() => rewardTerms.get('validity').create({ malformed: 1 }, {})).toThrow(/malformed/);
  });
});
