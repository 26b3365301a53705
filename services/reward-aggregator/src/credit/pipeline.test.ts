import type { Credit, CreditAssigner, CreditGroup } from '@redqueen/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adpoClip, adpoScale } from './adpo.ts';
import { pipelineOf } from './pipeline.ts';
import { creditAssigners } from './registry.ts';
import { taskValue } from './value-resample.ts';

const groupOf = (totals: readonly number[], id = 'g', tags: CreditGroup['tags'] = {}): CreditGroup => ({
  id,
  tags,
  samples: totals.map((total, index) => ({ total, tokens: 3, logProbability: -1, answer: `${total} ${index % 2}` })),
});
const stage = (use: string, options = {}): CreditAssigner => creditAssigners.create({ use, options }, {});
const pipeline = (...stages: CreditAssigner[]): CreditAssigner => pipelineOf(stages, 'credit');
const grpo = stage('group-normalised');
const advantagesOf = (credit: Credit) => credit.advantages.map((group) => group && [...group]);
const outcome = fc.constantFrom(0, 1);
const batch = fc
  .array(fc.array(outcome, { minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 8 })
  .map((groups) => groups.map((totals, index) => groupOf(totals, `1.0.${index}`, { solveRate: totals.filter(Boolean).length / 4 })));

describe('pipeline', () => {
  it('of one stage is that stage, bit for bit', () => {
    expect(pipeline(grpo)).toBe(grpo);
  });

  it('refuses stages that are out of order, and says what to do', () => {
    expect(() => pipeline(stage('adpo'))).toThrow('credit: adpo changes credit and makes none; put e.g. group-normalised before it');
    expect(() => pipeline(grpo, stage('mean-only'))).toThrow(/mean-only makes credit of rewards, as group-normalised does/);
    expect(() => pipeline(grpo, stage('value-resample'), stage('adpo'))).toThrow(
      /value-resample \(place\) must come before|adpo \(scale\) must come before/,
    );
    expect(() => pipeline()).toThrow(/at least one/);
  });

  it('depends on the batch as soon as one stage does', () => {
    expect(pipeline(grpo, stage('adpo')).scope).toBe('group');
    expect(pipeline(grpo, stage('value-resample')).scope).toBe('batch');
  });
});

describe('batch-normalised (REINFORCE++)', () => {
  it('compares single samples with the whole batch', () => {
    const credit = stage('batch-normalised', { epsilon: 0 }).assign([[1], [0], [0], [1]].map((totals) => groupOf(totals)));
    expect(credit).toEqual({ advantages: [[1], [-1], [-1], [1]], normaliser: 12 });
    expect(stage('batch-normalised').assign([groupOf([1, 1]), groupOf([1])])).toEqual({
      advantages: [undefined, undefined],
      normaliser: 0,
    });
  });

  it('has mean 0 and deviation 1 over the batch', () => {
    const totals = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(totals, (values) => {
        const all = stage('batch-normalised')
          .assign(values.map((total) => groupOf([total])))
          .advantages.flatMap((one) => one ?? []);
        const sum = all.reduce((a, b) => a + b, 0);
        expect(Math.abs(sum)).toBeLessThan(1e-6);
        expect(all.reduce((a, b) => a + b * b, 0)).toBeLessThanOrEqual(all.length + 1e-6);
      }),
    );
  });
});

describe('adpo (Agent0)', () => {
  it.each([
    [0.2, 0.6, 0.3],
    [0.3, 0.6, 0.3],
    [0.55, 0.8, 0.25],
    [0.8, 1, 0.2],
    [1, 1, 0.2],
  ])('at share %d the scale is %d and the clip %d', (share, scale, clip) => {
    expect(adpoScale(share, 0.6)).toBeCloseTo(scale, 12);
    expect(adpoClip(share, 0.2, 0.1)).toBeCloseTo(clip, 12);
  });

  it('with s_min = 1 and no widening it is GRPO; the scale rises and the clip falls with the share', () => {
    const plain = pipeline(grpo, stage('adpo', { smallest: 1, widening: 0 }));
    fc.assert(
      fc.property(batch, (groups) => {
        const credit = plain.assign(groups);
        expect(advantagesOf(credit)).toEqual(advantagesOf(grpo.assign(groups)));
        expect(credit.normaliser).toBe(grpo.assign(groups).normaliser);
        expect(credit.groups?.every(({ tags }) => tags?.clipHigh === undefined)).toBe(true);
      }),
    );
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(share, share, (a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        expect(adpoScale(low, 0.6)).toBeLessThanOrEqual(adpoScale(high, 0.6));
        expect(adpoClip(low, 0.2, 0.1)).toBeGreaterThanOrEqual(adpoClip(high, 0.2, 0.1));
      }),
    );
  });

  it('leaves a group alone whose share nobody told', () => {
    const credit = pipeline(grpo, stage('adpo')).assign([{ ...groupOf([1, 0]), tags: {} }]);
    expect(advantagesOf(credit)).toEqual(advantagesOf(grpo.assign([groupOf([1, 0])])));
  });
});

describe('value-resample and value-smoothing (VSPO)', () => {
  const vspo = (decay: string) => pipeline(grpo, stage('value-resample'), stage('value-smoothing', { decay }));
  const batchOf = (...groups: number[][]) => groups.map((totals, index) => groupOf(totals, `1.0.${index}`));

  it('V = (R_max − μ) · σ: 0 without variance and at mean R_max, largest at one right answer in four', () => {
    expect([taskValue([0, 0], 1), taskValue([1, 1], 1), taskValue([], 1)]).toEqual([0, 0, 0]);
    expect(taskValue([1, 0, 0, 0], 1)).toBeCloseTo(0.75 * Math.sqrt(3 / 16), 12);
    const values = [1, 2, 3].map((solved) =>
      taskValue(
        [0, 1, 2, 3].map((index) => Number(index < solved)),
        1,
      ),
    );
    expect(Math.max(...values)).toBe(values[0]);
  });

  it('with no group to replace it is GRPO', () => {
    fc.assert(
      fc.property(batch, (groups) => {
        const mixed = groups.filter(({ samples }) => new Set(samples.map(({ total }) => total)).size > 1);
        const credit = vspo('inverse-root').assign(mixed);
        expect(advantagesOf(credit)).toEqual(advantagesOf(grpo.assign(mixed)));
        expect(credit.normaliser).toBe(grpo.assign(mixed).normaliser);
      }),
    );
  });

  it('puts copies of what teaches in the place of what does not, each weaker than the one before', () => {
    const credit = vspo('inverse-root').assign(batchOf([1, 0], [0, 0], [1, 1], [0, 0]));
    expect(credit.groups?.map(({ id, tags }) => [id, tags?.copy ?? 1])).toEqual([1, 2, 3, 4].map((copy) => ['1.0.0', copy]));
    const first = credit.advantages.map((group) => group?.[0] ?? 0);
    expect(first.map((value) => value / (first[0] ?? 1))).toEqual(
      [1, 1 / Math.SQRT2, 1 / Math.sqrt(3), 0.5].map((x) => expect.closeTo(x, 12)),
    );
    expect(credit.normaliser).toBe(4 * 6);
    const decayed = (decay: string) =>
      vspo(decay)
        .assign(batchOf([1, 0], [0, 0]))
        .advantages.map((group) => group?.[0] ?? 0);
    const [whole = 1] = decayed('none');
    expect(decayed('none')).toEqual([whole, whole]);
    expect(decayed('inverse')).toEqual([whole, whole / 2]);
  });

  it('wastes no place as long as one group teaches, draws the same copies again, and leaves a batch without signal as it is', () => {
    fc.assert(
      fc.property(batch, (groups) => {
        const credit = vspo('none').assign(groups);
        const teaching = grpo.assign(groups).advantages.filter((one) => one !== undefined).length;
        expect(credit.advantages.filter((one) => one !== undefined)).toHaveLength(teaching > 0 ? groups.length : 0);
        expect(vspo('none').assign(groups)).toEqual(credit);
      }),
    );
  });

  it('draws in proportion to the value', () => {
    const hard = [1, 0, 0, 0];
    const easy = [1, 1, 1, 0];
    const drawn = Array.from({ length: 200 }, (_, tick) => {
      const groups = [groupOf(hard, `${tick}.0.0`), groupOf(easy, `${tick}.0.1`), groupOf([0, 0, 0, 0], `${tick}.0.2`)];
      return vspo('none').assign(groups).groups?.[2]?.id.endsWith('.0');
    });
    // V is three times as large for the hard one: 3 of 4 copies, give or take 4 standard deviations.
    expect(Math.abs(drawn.filter(Boolean).length / 200 - 0.75)).toBeLessThan(4 * Math.sqrt((0.75 * 0.25) / 200));
  });
});

describe('reject-sampling (B-STaR)', () => {
  const select = (totals: readonly number[], options = {}, knobs = {}) =>
    stage('reject-sampling', options).assign([groupOf(totals)], knobs);

  it('keeps different answers that reach the threshold, and counts their tokens alone', () => {
    // Samples 0 and 2, and 1 and 3, are the same answer where their totals agree.
    expect(select([1, 1, 1, 0], { threshold: 0.5 })).toEqual({ advantages: [[1, 1, 0, 0]], normaliser: 6 });
    expect(select([0, 0, 0, 0], { threshold: 0.5 })).toEqual({ advantages: [undefined], normaliser: 0 });
  });

  it('takes the best first where there are too many, and the knob stands above the option', () => {
    expect(select([0.2, 0.9, 0.5], { threshold: 0, most: 2 }).advantages).toEqual([[0, 1, 1]]);
    expect(select([0.2, 0.9, 0.5], { threshold: 0 }, { 'threshold.executor': 0.6 }).advantages).toEqual([[0, 1, 0]]);
  });
});

describe('consistency-band (R-Zero, Agent0)', () => {
  it('lets groups teach whose share lies in the band, ends included, and changes nothing else', () => {
    const rates = [0.25, 0.3, 0.5, 0.8, 0.9, undefined];
    const groups = rates.map((solveRate, index) => groupOf([1, 0], `${index}`, solveRate === undefined ? {} : { solveRate }));
    const credit = pipeline(grpo, stage('consistency-band')).assign(groups);
    expect(credit.advantages.map((one) => one !== undefined)).toEqual([false, true, true, true, false, true]);
    expect(credit.normaliser).toBe(4 * 6);
    expect(credit.advantages[2]).toEqual(grpo.assign(groups).advantages[2]);
  });
});
