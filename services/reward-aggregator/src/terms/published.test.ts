import type { AnswerForm, EpisodeFacts, Evidence } from '@redqueen/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { azrLearnability } from './azr-learnability.ts';
import { azrOutcome } from './azr-outcome.ts';
import { formatOf } from './format.ts';
import { maeProposer } from './mae-proposer.ts';
import { rewardTerms } from './registry.ts';
import { stagedReward } from './staged.ts';
import { toolUseOf } from './tool-use.ts';
import { halfUncertaintyOf, uncertaintyOf } from './uncertainty.ts';

const proposal = { agent: 'proposer/0', turn: 1 };
const forms: AnswerForm[] = ['ok', 'malformed', 'truncated', 'ok'];
const task: EpisodeFacts = {
  episode: '1.0.1',
  kind: 'task',
  proposals: [proposal],
  attempts: forms.map((form, turn) => ({ agent: 'executor/0', turn, form, toolCalls: turn === 3 ? 2 : 9 })),
  judgements: [],
  predictions: [],
};
const rejected = (rejection: string): EpisodeFacts => ({ ...task, kind: 'rejected', attempts: [], rejection });
const evidenceOf = (outcomes: readonly number[]): Evidence => ({
  trust: 1,
  value: (term, { agent, turn }) => (term === 'outcome' && agent === 'executor/0' ? outcomes[turn] : undefined),
});
const quarter = evidenceOf([0, 0, 0, 1]);
const value = (name: string, facts: EpisodeFacts, turn = proposal, options: object = {}, evidence = quarter) =>
  rewardTerms.get(name).create(options, {}).formula(facts, turn, evidence);
const attempt = (turn: number) => ({ agent: 'executor/0', turn });
const share = fc.double({ min: 0, max: 1, noNaN: true });

describe('uncertainty (R-Zero, Agent0)', () => {
  it.each([
    [0.5, 1],
    [0.25, 0.5],
    [0.75, 0.5],
    [0.125, 0.25],
    [0, 0],
    [1, 0],
  ])('of a share of %d is %d, and half of that in the released code', (p, expected) => {
    expect(uncertaintyOf(p)).toBeCloseTo(expected, 12);
    expect(halfUncertaintyOf(p)).toBeCloseTo(expected / 2, 12);
  });

  it('of a share of 0.1 is nothing in the released code alone', () => {
    expect(uncertaintyOf(0.1)).toBeCloseTo(0.2, 12);
    expect([halfUncertaintyOf(0.1), halfUncertaintyOf(0.9)]).toEqual([0, expect.closeTo(0.1, 12)]);
  });

  it('largest at one half, symmetric, 0 at both ends', () => {
    fc.assert(
      fc.property(share, (p) => {
        expect(uncertaintyOf(p)).toBeLessThanOrEqual(uncertaintyOf(0.5));
        expect(uncertaintyOf(1 - p)).toBeCloseTo(uncertaintyOf(p), 12);
      }),
    );
    expect([uncertaintyOf(0), uncertaintyOf(1)]).toEqual([0, 0]);
  });

  it('reads the share off the outcomes', () => {
    expect(value('uncertainty', task)).toBe(0.5);
    expect(value('uncertainty', task, proposal, { form: 'code' })).toBe(0.25);
    expect(value('uncertainty', task, proposal, {}, { trust: 1, value: () => undefined })).toBeUndefined();
  });
});

describe('Absolute Zero', () => {
  it.each([
    [0, 0],
    [0.125, 0.875],
    [0.5, 0.5],
    [1, 0],
  ])('learnability of solve rate %d is %d', (rate, expected) => expect(azrLearnability(rate)).toBe(expected));

  it('pays a proposal its learnability, −½ where that is 0 and −1 where it cannot be read', () => {
    expect(value('azr-learnability', task)).toBe(0.75);
    expect(value('azr-learnability', task, proposal, {}, evidenceOf([0, 0, 0, 0]))).toBe(-0.5);
    expect(value('azr-learnability', task, proposal, {}, evidenceOf([1, 1, 1, 1]))).toBe(-0.5);
    expect(['wrong-slot', 'malformed', 'truncated'].map((why) => value('azr-learnability', rejected(why)))).toEqual([-0.5, -1, -1]);
  });

  it('pays an answer its outcome, −½ where it is wrong and −1 where it cannot be read', () => {
    expect([azrOutcome('ok', 1), azrOutcome('ok', 0.3), azrOutcome('ok', 0), azrOutcome('malformed', 0)]).toEqual([1, 0.3, -0.5, -1]);
    expect([0, 1, 2, 3].map((turn) => value('azr-outcome', task, attempt(turn)))).toEqual([-0.5, -1, -1, 1]);
  });
});

describe('staged (PRS)', () => {
  it('pays the form first, and a right answer on top', () => {
    expect([0, 1, 2, 3].map((turn) => value('staged', task, attempt(turn)))).toEqual([0.2, 0, 0, 1]);
  });

  it('nothing that comes later makes up for a form that failed', () => {
    fc.assert(fc.property(share, share, share, (outcome, format, correct) => stagedReward(false, outcome, format, correct) === 0));
    fc.assert(
      fc.property(share, share, (low, high) => low > high || stagedReward(true, low, 0.2, 0.8) <= stagedReward(true, high, 0.2, 0.8)),
    );
  });
});

describe('format', () => {
  it('is 1, ½ and 0 by how the answer ended, or 1 and 0', () => {
    expect(forms.slice(0, 3).map(formatOf)).toEqual([1, 0.5, 0]);
    expect([0, 1, 2].map((turn) => value('format', task, attempt(turn), { strict: false }))).toEqual([1, 0.5, 0]);
    expect([0, 1, 2].map((turn) => value('format', task, attempt(turn)))).toEqual([1, 0, 0]);
  });
});

describe('tool use (Agent0)', () => {
  it('is capped, and 0 without calls', () => {
    expect([0, 1, 4, 9].map((calls) => toolUseOf(calls, 4))).toEqual([0, 0.25, 1, 1]);
  });

  it('counts the calls of right attempts alone', () => {
    expect(value('tool-use', task)).toBe(0.5);
    expect(value('tool-use', task, proposal, {}, evidenceOf([0, 0, 0, 0]))).toBe(0);
    const executor = { earner: 'executor' };
    expect([0, 3].map((turn) => value('tool-use', task, attempt(turn), executor))).toEqual([0, 0.5]);
  });
});

describe('Multi-Agent Evolve', () => {
  it('is the mean of quality, difficulty and form; the difficulty of a bad task does not count', () => {
    expect(maeProposer(1, 0.25, 1)).toBeCloseTo(2.75 / 3, 12);
    expect(maeProposer(0.6, 0, 1)).toBeCloseTo(1.6 / 3, 12);
    expect(value('mae-proposer', task)).toBeCloseTo(2.75 / 3, 12);
    expect(value('mae-proposer', rejected('malformed'))).toBe(0);
    expect(value('mae-proposer', rejected('wrong-slot'))).toBeCloseTo(0.5 / 3, 12);
  });
});

describe('every term', () => {
  it('stays within its range', () => {
    const outcomes = fc.array(share, { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(outcomes, (values) => {
        for (const name of ['uncertainty', 'azr-learnability', 'azr-outcome', 'staged', 'format', 'tool-use', 'mae-proposer']) {
          const term = rewardTerms.get(name).create({}, {});
          for (const turn of term.turns(task)) {
            const one = term.formula(task, turn, evidenceOf(values)) ?? Number.NaN;
            expect(one).toBeGreaterThanOrEqual(term.range[0]);
            expect(one).toBeLessThanOrEqual(term.range[1]);
          }
        }
      }),
    );
  });
});
