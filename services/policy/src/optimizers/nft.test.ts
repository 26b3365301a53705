import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testPlan } from '../testing/plan.ts';
import { batchOf, requestOf } from './test-support.ts';

const settings = testPlan({ roles: { executor: { optimizer: { klToBase: 0, entropyBonus: 0 } } } }).recipe.roles.executor.optimizer;

/** Attempts of one question, the first `solved` of them right, with the advantages of GRPO without ε. */
function question(solved: number, attempts: number, solveRate: number | undefined = solved / attempts) {
  const rate = solved / attempts;
  const spread = Math.sqrt(rate * (1 - rate)) || 1;
  const advantages = Array.from({ length: attempts }, (_, index) => ((index < solved ? 1 : 0) - rate) / spread);
  const batch = batchOf(advantages);
  if (solveRate !== undefined) for (const group of batch.groups) group.solveRate = solveRate;
  return { batch, advantages };
}
const nft = (batch: ReturnType<typeof batchOf>, options: object = {}) => requestOf('nft', batch, settings, 1e-3, options);
const firstAdvantages = (request: ReturnType<typeof nft>) =>
  request.groups.flatMap(({ samples }) => samples.map((one) => one.advantages[0]));

describe('nft', () => {
  it('labels attempts by the sign of their advantage and weighs them by the solve rate of their question', () => {
    const { batch } = question(1, 4);
    const request = nft(batch);
    expect(request.loss).toEqual({ kind: 'negative-aware', epsilon: 1, klToBase: 0, klEstimator: 'k3', entropyBonus: 0 });
    expect(request.groups[0]?.solveRate).toBe(0.25);
    const root = expect.closeTo(Math.sqrt(3), 6);
    const minusRoot = expect.closeTo(-Math.sqrt(3), 6);
    expect(firstAdvantages(request)).toEqual([root, minusRoot, minusRoot, minusRoot]);
    expect(firstAdvantages(nft(batch, { weight: 'failure-rate' }))).toEqual([0.75, -0.75, -0.75, -0.75]);
    expect(firstAdvantages(nft(batch, { weight: 'one' }))).toEqual([1, -1, -1, -1]);
  });

  it('has GRPO’s gradient with respect to log p on its own samples, at any solve rate that is not clamped', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 15 }), (solved) => {
        const { batch, advantages } = question(solved, 16);
        const [group] = nft(batch).groups;
        const rate = group?.solveRate ?? Number.NaN;
        // Where the ratio is 1: −ω for right attempts, ω r / (1 − r) for wrong ones; GRPO's is −A.
        for (const [index, sample] of (group?.samples ?? []).entries()) {
          const size = sample.advantages[0] ?? Number.NaN;
          const slope = size > 0 ? -size : (-size * rate) / (1 - rate);
          expect(Math.abs(slope + (advantages[index] ?? 0))).toBeLessThan(1e-6);
        }
      }),
    );
  });

  it('with negative weight 0 is rejection-sampling fine-tuning: right attempts alone, as cloning them with the weight has it', () => {
    const { batch } = question(1, 4);
    const request = nft(batch, { negativeWeight: 0, weight: 'one' });
    const cloned = requestOf('clone', batch, settings, 1e-3);
    expect(request.groups.map(({ samples }) => samples)).toEqual(cloned.groups.map(({ samples }) => samples));
    expect(request.normaliser).toBe(cloned.normaliser);
    expect(cloned.loss.kind).toBe('likelihood');
  });

  it('with negative weight −1 is the clipped surrogate on the credit’s advantages', () => {
    const { batch } = question(1, 4);
    expect(nft(batch, { negativeWeight: -1 })).toEqual(requestOf('grpo', batch, settings, 1e-3));
  });

  it('leaves out questions that all or no attempts solved, and keeps solve rates away from 0 and 1', () => {
    expect(nft(question(2, 4, 0).batch).groups).toEqual([]);
    expect(nft(question(2, 4, 1).batch).groups).toEqual([]);
    expect(nft(question(1, 100).batch).groups[0]?.solveRate).toBe(0.02);
    expect(nft(question(99, 100).batch).groups[0]?.solveRate).toBe(0.98);
  });

  it('refuses groups whose solve rate nobody said, naming the episode', () => {
    expect(() => nft(question(1, 4, undefined).batch)).not.toThrow();
    expect(() => nft(batchOf([1, -1]))).toThrow('batch 3 of executor/0: episode e has no solve rate');
  });

  it('refuses options that make no sense', () => {
    expect(() => nft(question(1, 4).batch, { negativeWeight: -0.5 })).toThrow(/negativeWeight/);
    expect(() => nft(question(1, 4).batch, { clampEpsilon: 0 })).toThrow(/clampEpsilon/);
  });
});

describe('clone', () => {
  it('keeps samples of positive advantage, alike or by their advantage, and drops groups without any', () => {
    const request = requestOf('clone', batchOf([0.5, -1, 0, 2]), settings, 1e-3, { weight: 'advantage' });
    expect(firstAdvantages(request)).toEqual([0.5, 2]);
    expect(requestOf('clone', batchOf([-1, 0]), settings, 1e-3).groups).toEqual([]);
  });
});
