import type { CreditGroup } from '@redqueen/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { creditAssigners } from './registry.ts';

const groupOf = (totals: readonly number[], tokens = 3): CreditGroup => ({
  id: 'g',
  samples: totals.map((total) => ({ total, tokens, logProbability: -1 })),
});
const assigner = (name: string, options = {}) => creditAssigners.get(name).create(options, {});
const comparing = ['group-normalised', 'group-mean-batch-deviation', 'leave-one-out', 'mean-only'];
const total = fc.double({ min: -2, max: 2, noNaN: true, noDefaultInfinity: true });
const totals = fc.array(total, { minLength: 1, maxLength: 12 });
const batch = fc.array(totals, { minLength: 1, maxLength: 6 });
const advantages = (name: string, groups: readonly (readonly number[])[], options = {}) =>
  assigner(name, options).assign(groups.map((one) => groupOf(one)));

describe('golden values', () => {
  it('group-normalised', () => {
    expect(advantages('group-normalised', [[1, 0, 0, 0]], { epsilon: 0 })).toEqual({
      advantages: [[Math.sqrt(3), -1 / Math.sqrt(3), -1 / Math.sqrt(3), -1 / Math.sqrt(3)].map((x) => expect.closeTo(x, 12))],
      normaliser: 12,
    });
    expect(advantages('group-normalised', [[1, 0]]).advantages[0]?.[0]).toBeCloseTo(0.5 / 0.5001, 12);
  });

  it('leave-one-out', () => {
    expect(advantages('leave-one-out', [[1, 0, 0, 0]]).advantages[0]?.map((x) => x.toFixed(6))).toEqual([
      '1.000000',
      '-0.333333',
      '-0.333333',
      '-0.333333',
    ]);
  });

  it('mean-only', () => {
    expect(advantages('mean-only', [[1, 0, 0, 1]]).advantages).toEqual([[0.5, -0.5, -0.5, 0.5]]);
  });

  it('group-mean-batch-deviation divides by the deviation of the whole batch and averages over all tokens', () => {
    const credit = advantages(
      'group-mean-batch-deviation',
      [
        [1, 0],
        [0.5, 0.5],
      ],
      { epsilon: 0 },
    );
    expect(credit.advantages[0]?.map((x) => x.toFixed(6))).toEqual([Math.SQRT2.toFixed(6), (-Math.SQRT2).toFixed(6)]);
    expect(credit.advantages[1]).toBeUndefined();
    expect(credit.normaliser).toBe(12);
  });

  it.each([
    [0.5, 1],
    [0.25, 1.125],
    [0.9, 0.072],
  ])('expected-pairwise at probability %d of the right label', (right, size) => {
    const samples = [
      { total: 1, tokens: 1, logProbability: Math.log(right) - 2 },
      { total: 0, tokens: 1, logProbability: Math.log(1 - right) - 2 },
    ];
    const credit = assigner('expected-pairwise').assign([
      { id: 'y', samples },
      { id: 'n', samples: samples.toReversed() },
    ]);
    expect(credit.normaliser).toBe(2);
    expect(credit.advantages[0]?.[0]).toBeCloseTo(size, 9);
    expect(credit.advantages[0]?.[1]).toBeCloseTo(-size, 9);
    expect(credit.advantages[1]?.[1]).toBeCloseTo(size, 9);
  });
});

describe('expected-pairwise', () => {
  it('is the gradient of the Brier score, times four', () => {
    fc.assert(
      fc.property(fc.double({ min: -6, max: 6, noNaN: true }), fc.boolean(), (logit, right) => {
        const confidence = (x: number) => 1 / (1 + Math.exp(-x));
        const loss = (x: number) => (confidence(x) - (right ? 1 : 0)) ** 2;
        const slope = (loss(logit + 1e-5) - loss(logit - 1e-5)) / 2e-5;
        const credit = assigner('expected-pairwise').assign([
          {
            id: 'g',
            samples: [
              { total: right ? 1 : 0, tokens: 1, logProbability: Math.log(confidence(logit)) },
              { total: right ? 0 : 1, tokens: 1, logProbability: Math.log(confidence(-logit)) },
            ],
          },
        ]);
        // d(−A·log p(y) + A·log p(n)) / d(logit of y) = −A: the loss falls where the advantage of "y" is positive.
        expect(-(credit.advantages[0]?.[0] ?? 0)).toBeCloseTo(4 * slope, 6);
      }),
    );
  });

  it('carries no signal where the labels earn the same, and stays finite where the policy is certain', () => {
    expect(advantages('expected-pairwise', [[0, 0]])).toEqual({ advantages: [undefined], normaliser: 0 });
    const certain = [
      { total: 0, tokens: 1, logProbability: 0 },
      { total: 1, tokens: 1, logProbability: -1e4 },
    ];
    expect(
      assigner('expected-pairwise')
        .assign([{ id: 'g', samples: certain }])
        .advantages[0]?.every(Number.isFinite),
    ).toBe(true);
  });

  it('refuses a group that is no pair', () => {
    expect(() => advantages('expected-pairwise', [[1, 0, 0]])).toThrow('must hold the two labels');
  });
});

describe.each(comparing)('%s', (name) => {
  it('sums to zero within every group', () => {
    fc.assert(
      fc.property(batch, (groups) => {
        for (const group of advantages(name, groups).advantages) {
          expect(Math.abs((group ?? []).reduce((sum, x) => sum + x, 0))).toBeLessThan(1e-6);
        }
      }),
    );
  });

  it('moves with its samples when they are permuted', () => {
    fc.assert(
      fc.property(totals, (group) => {
        const straight = advantages(name, [group]).advantages[0] ?? group.map(() => 0);
        const reversed = advantages(name, [group.toReversed()]).advantages[0] ?? group.map(() => 0);
        for (const [index, value] of reversed.toReversed().entries()) expect(value).toBeCloseTo(straight[index] ?? Number.NaN, 6);
      }),
    );
  });

  it('does not notice a constant added to every reward', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: -4, max: 4 }),
        (group, shift) => {
          const straight = advantages(name, [group]).advantages[0] ?? [];
          const shifted = advantages(name, [group.map((one) => one + shift)]).advantages[0] ?? [];
          expect(shifted.map((x) => x.toFixed(9))).toEqual(straight.map((x) => x.toFixed(9)));
        },
      ),
    );
  });

  it('carries no signal where all are equal, for singletons and for nothing at all', () => {
    fc.assert(
      fc.property(total, fc.integer({ min: 0, max: 6 }), (value, size) => {
        const credit = advantages(name, [Array.from({ length: size }, () => value)]);
        expect(credit).toEqual({ advantages: [undefined], normaliser: 0 });
      }),
    );
    expect(advantages(name, [])).toEqual({ advantages: [], normaliser: 0 });
  });

  it('never returns a NaN or an infinity', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.double({ min: -1e100, max: 1e100, noNaN: true }), { maxLength: 6 }), { maxLength: 6 }), (groups) => {
        const credit = advantages(name, groups);
        expect(credit.advantages.flat().every((x) => x === undefined || Number.isFinite(x))).toBe(true);
        expect(Number.isFinite(credit.normaliser)).toBe(true);
      }),
    );
  });
});

describe.each(['group-normalised', 'group-mean-batch-deviation'])('%s', (name) => {
  it('does not notice the unit that rewards are counted in', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 2, maxLength: 8 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 50 }),
        (groups, unit) => {
          const straight = advantages(name, groups, { epsilon: 0 }).advantages.flat();
          const scaled = advantages(
            name,
            groups.map((group) => group.map((one) => one * unit)),
            { epsilon: 0 },
          ).advantages.flat();
          for (const [index, value] of scaled.entries()) expect(value ?? 0).toBeCloseTo(straight[index] ?? 0, 9);
        },
      ),
    );
  });
});

describe('registry', () => {
  it('lists the known ones where one is unknown', () => {
    expect(() => creditAssigners.get('ppo')).toThrow(
      /no credit assigner "ppo"; known: .*expected-pairwise, group-mean-batch-deviation, group-normalised/,
    );
  });

  it('refuses options that an assigner does not have', () => {
    expect(() => assigner('mean-only', { epsilon: 1 })).toThrow(/epsilon/);
    expect(() => assigner('group-normalised', { epsilon: -1 })).toThrow(/epsilon/);
  });
});
