import type { EpisodeFacts, Evidence } from '@redqueen/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { overlongPenalty } from './overlong.ts';
import { rewardTerms } from './registry.ts';
import { toolOutcome } from './tool-outcome.ts';

const attempt = (turn: number, more: object) => ({ agent: 'executor/0', turn, ...more });
const facts: EpisodeFacts = {
  episode: '1.0.2',
  kind: 'task',
  proposals: [],
  attempts: [
    attempt(0, { tokens: 3, form: 'ok', toolCalls: 0 }),
    attempt(1, { tokens: 7, form: 'ok', toolCalls: 2 }),
    attempt(2, { tokens: 4, form: 'truncated', toolCalls: 1 }),
  ],
  judgements: [],
  predictions: [],
};
const outcomes = [1, 0, 0];
const evidence: Evidence = { trust: 0, value: (term, turn) => (term === 'outcome' ? outcomes[turn.turn] : undefined) };
const valuesOf = (name: string, options: object) => {
  const term = rewardTerms.create({ use: name, options: { ...options } }, {});
  return term.turns(facts).map((turn) => term.formula(facts, turn, evidence));
};

describe('overlong', () => {
  it.each([
    [16_384, 0],
    [16_385, -1 / 4096],
    [18_432, -0.5],
    [20_480, -1],
    [99_999, -1],
  ])('of %d tokens is %d with the published limit and buffer', (tokens, value) => {
    expect(overlongPenalty(tokens, 20_480, 4096)).toBeCloseTo(value, 12);
  });

  it('falls with the length and stays in range', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.nat(40), fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 }), (a, b, limit, buffer) => {
        const penalty = (tokens: number) => overlongPenalty(tokens, Math.max(limit, buffer), buffer);
        expect(penalty(Math.max(a, b))).toBeLessThanOrEqual(penalty(Math.min(a, b)));
        expect(Math.abs(penalty(a) + 0.5)).toBeLessThanOrEqual(0.5);
      }),
    );
  });

  it('reads the length of each attempt, and takes all of one that was cut off', () => {
    expect(valuesOf('overlong', { limit: 8, buffer: 4 })).toEqual([expect.closeTo(0, 12), -0.75, -1]);
  });

  it('refuses a buffer beyond the limit', () => {
    expect(() => valuesOf('overlong', { limit: 4, buffer: 5 })).toThrow(/buffer 5 must not exceed limit 4/);
  });
});

describe('tool-outcome', () => {
  it('is that of the authors’ formula in turns of the conversation', () => {
    for (const calls of [0, 1, 3, 4, 9]) {
      const turns = 2 + 2 * calls;
      expect(toolOutcome(false, calls)).toBeCloseTo(Math.min(-0.6, -1 + (0.1 * (turns - 2)) / 2), 12);
      expect(toolOutcome(true, calls)).toBe(1);
    }
  });

  it('reads outcome and tool calls of each attempt', () => {
    expect(valuesOf('tool-outcome', {})).toEqual([1, -0.8, -0.9]);
  });
});
