import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clippedSurrogate } from './clipped-surrogate.ts';
import { likelihood } from './likelihood.ts';
import { negativeAware } from './negative-aware.ts';

const rate = fc.double({ min: 0.02, max: 0.98, noNaN: true });
const ratio = (value: number) => Math.log(value);

describe('negative-aware loss', () => {
  it('has the published values', () => {
    const right = { oldLogProb: 0, advantage: 1, solveRate: 0.25 };
    const wrong = { ...right, advantage: -1 };
    expect(negativeAware(ratio(2), right, { epsilon: 1 })).toMatchObject({ loss: expect.closeTo(-Math.log(2), 12), derivative: -1 });
    // (1 − 0.25 · 0.8) / 0.75 = 16/15; derivative 0.2 / 0.75 / (16/15) = 1/4.
    const below = negativeAware(ratio(0.8), wrong, { epsilon: 1 });
    expect(below).toEqual({ loss: expect.closeTo(-Math.log(16 / 15), 12), derivative: expect.closeTo(0.25, 12), clipped: false });
    // (1 − 0.25 · 2) / 0.75 = 2/3 is bounded to 1; the gradient goes straight through: 0.5 / 0.75 / 1.
    const above = negativeAware(ratio(2), wrong, { epsilon: 1 });
    expect(above).toEqual({ loss: expect.closeTo(0, 12), derivative: expect.closeTo(2 / 3, 12), clipped: true });
  });

  it('stays finite where the policy loves a wrong token', () => {
    const far = negativeAware(0, { oldLogProb: -1e4, advantage: -1, solveRate: 0.98 }, { epsilon: 1e-3 });
    expect([far.loss, far.derivative].every(Number.isFinite)).toBe(true);
  });

  it('is the gradient of GRPO where the policy has not moved, with weight √((1 − r) / r)', () => {
    fc.assert(
      fc.property(rate, fc.double({ min: -8, max: 0, noNaN: true }), fc.constantFrom(1, 0.1, 1e-6), (solveRate, logProb, epsilon) => {
        const weight = Math.sqrt((1 - solveRate) / solveRate);
        const spread = Math.sqrt(solveRate * (1 - solveRate));
        const grpo = (reward: number) =>
          clippedSurrogate(
            logProb,
            { oldLogProb: logProb, advantage: (reward - solveRate) / spread, clipHigh: undefined },
            { clipLow: 0.2, clipHigh: 0.28 },
          ).derivative;
        const ours = (advantage: number) => negativeAware(logProb, { oldLogProb: logProb, advantage, solveRate }, { epsilon }).derivative;
        expect(Math.abs(ours(weight) - grpo(1))).toBeLessThan(1e-6);
        expect(Math.abs(ours(-weight) - grpo(0))).toBeLessThan(1e-6);
      }),
    );
  });

  it('is that of cloning for right samples, and nothing for wrong ones of weight 0', () => {
    fc.assert(
      fc.property(
        rate,
        fc.double({ min: 0, max: 3, noNaN: true }),
        fc.double({ min: -3, max: 0, noNaN: true }),
        (solveRate, weight, logProb) => {
          const at = (advantage: number) => negativeAware(logProb, { oldLogProb: -1, advantage, solveRate }, { epsilon: 1 }).derivative;
          expect(at(weight)).toBe(likelihood(logProb, { advantage: weight }).derivative);
          expect(Math.abs(at(-0))).toBe(0);
        },
      ),
    );
  });

  it('pushes wrong tokens down, the harder the easier the prompt', () => {
    fc.assert(
      fc.property(rate, rate, fc.double({ min: -1, max: 1, noNaN: true }), (a, b, logRatio) => {
        const push = (solveRate: number) => negativeAware(logRatio, { oldLogProb: 0, advantage: -1, solveRate }, { epsilon: 1 }).derivative;
        expect(push(a)).toBeGreaterThan(0);
        expect(push(Math.max(a, b))).toBeGreaterThanOrEqual(push(Math.min(a, b)) - 1e-12);
      }),
    );
  });
});
