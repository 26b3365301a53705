import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crossEntropy } from './cross-entropy.ts';
import type { LossSettings } from '../worker/protocol.ts';
import { clippedSurrogate } from './clipped-surrogate.ts';
import { klToBase } from './kl-to-base.ts';
import { policyGradient } from './policy-gradient.ts';
import { RowSoftmax } from './softmax.ts';
import type { TokenTerm } from './token-term.ts';
import { truncatedImportance } from './truncated-importance.ts';

const vocabulary = 7;
const rows = 3;
const logit = fc.double({ min: -4, max: 4, noNaN: true });
const logitRows = fc.array(logit, { minLength: rows * vocabulary, maxLength: rows * vocabulary });
const term: fc.Arbitrary<TokenTerm> = fc.record({
  row: fc.nat(rows - 1),
  sample: fc.constant(0),
  group: fc.constant(0),
  token: fc.nat(vocabulary - 1),
  oldLogProb: fc.double({ min: -4, max: 0, noNaN: true }),
  advantage: fc.double({ min: -2, max: 2, noNaN: true }),
  baseLogProb: fc.double({ min: -4, max: 0, noNaN: true }),
  weight: fc.double({ min: 0, max: 2, noNaN: true }),
  solveRate: fc.double({ min: 0.02, max: 0.98, noNaN: true }),
  clipHigh: fc.constantFrom(undefined, 1e8),
});
const byRow = fc.array(term, { minLength: 1, maxLength: 9 }).map((terms) => terms.sort((a, b) => a.row - b.row));
// Far bounds: finite differences are meaningless across the kink of the clip.
const settings = { kind: 'clipped', clipLow: 1e9, clipHigh: 1e9, klToBase: 0.2, klEstimator: 'k3', entropyBonus: 0.1 } as const;
const kinds: readonly LossSettings[] = [
  settings,
  { kind: 'negative-aware', epsilon: 1e-9, klToBase: 0.2, klEstimator: 'k3', entropyBonus: 0.1 },
  { kind: 'likelihood', klToBase: 0.2, klEstimator: 'k3', entropyBonus: 0.1 },
];
const plain = { sample: 0, group: 0, weight: 1, solveRate: Number.NaN, clipHigh: undefined };

/** Compares an analytic gradient with central differences at one place. Logits are Float32, so steps are exact powers of two. */
function numeric(loss: (logits: Float32Array) => number, logits: Float32Array, place: number): number {
  const step = 2 ** -7;
  const [up, down] = [logits.slice(), logits.slice()];
  up[place] = (up[place] as number) + step;
  down[place] = (down[place] as number) - step;
  return (loss(up) - loss(down)) / ((up[place] as number) - (down[place] as number));
}

/** log p of every term under the logits. */
function logProbs(logits: Float32Array, terms: readonly TokenTerm[]): number[] {
  const softmax = new RowSoftmax(vocabulary);
  return terms.map(({ row, token }) => {
    softmax.read(logits, row * vocabulary);
    return (logits[row * vocabulary + token] as number) - softmax.logTotal;
  });
}

/** Sampled by a policy near the logits: the implicit negative policy's ratio stays far above its bound, where value and derivative part. */
function sampledNear(logits: Float32Array, terms: readonly TokenTerm[]): TokenTerm[] {
  const now = logProbs(logits, terms);
  return terms.map((one, index) => ({
    ...one,
    oldLogProb: (now[index] as number) + 0.2 * (one.oldLogProb + 4),
    solveRate: 0.5 * one.solveRate,
  }));
}

describe('the policy-gradient loss', () => {
  it.each(kinds)('has the gradient that finite differences give, with KL, entropy and weights: $kind', (kind) => {
    fc.assert(
      fc.property(logitRows, byRow, fc.nat(rows * vocabulary - 1), (values, drawn, place) => {
        const logits = Float32Array.from(values);
        const terms = sampledNear(logits, drawn);
        const loss = (given: Float32Array): number => policyGradient(given, vocabulary, terms, { settings: kind, normaliser: 5 }).sums.loss;
        const { gradient } = policyGradient(logits, vocabulary, terms, { settings: kind, normaliser: 5 });
        const expected = numeric(loss, logits, place);
        expect(Math.abs((gradient[place] as number) - expected)).toBeLessThan(1e-3 * Math.max(1, Math.abs(expected)));
      }),
      { numRuns: 200 },
    );
  });

  it('counts a token as often as its weight says', () => {
    const logits = Float32Array.from({ length: rows * vocabulary }, (_, index) => Math.sin(3 * index));
    const term = { ...plain, row: 1, token: 2, oldLogProb: -1, advantage: 1.5, baseLogProb: -2 };
    const twice = policyGradient(logits, vocabulary, [term, term], { settings, normaliser: 3 });
    const heavy = policyGradient(logits, vocabulary, [{ ...term, weight: 2 }], { settings, normaliser: 3 });
    expect(heavy.sums.loss).toBeCloseTo(twice.sums.loss, 12);
    expect(heavy.gradient).toEqual(twice.gradient);
  });

  it('leaves rows without terms alone, and each row sums to zero', () => {
    const logits = Float32Array.from({ length: rows * vocabulary }, (_, index) => Math.sin(index));
    const terms = [{ row: 1, token: 2, oldLogProb: -1, advantage: 1.5, baseLogProb: -2, ...plain }];
    const { gradient } = policyGradient(logits, vocabulary, terms, { settings, normaliser: 1 });
    expect(gradient.subarray(0, vocabulary).every((value) => value === 0)).toBe(true);
    expect(gradient.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 6);
  });

  it('is minus the advantage for a policy that has not moved, and reports no mismatch', () => {
    const logits = new Float32Array(vocabulary);
    const old = -Math.log(vocabulary);
    const terms = [{ row: 0, token: 3, oldLogProb: old, advantage: 2, baseLogProb: old, ...plain }];
    const { sums, gradient } = policyGradient(logits, vocabulary, terms, { settings: { ...settings, entropyBonus: 0 }, normaliser: 1 });
    expect(sums.loss).toBeCloseTo(-2, 10);
    expect(sums.mismatch).toBeCloseTo(0, 10);
    expect(gradient[3]).toBeCloseTo(-2 * (1 - 1 / vocabulary), 6);
    expect(sums.entropy).toBeCloseTo(Math.log(vocabulary), 10);
  });

  it('clips above for good tokens and below for bad ones, each by its own bound', () => {
    const clip = { clipLow: 0.2, clipHigh: 0.28 };
    const at = (ratio: number, advantage: number) =>
      clippedSurrogate(Math.log(ratio), { oldLogProb: 0, advantage, clipHigh: undefined }, clip);
    expect(at(1.27, 1).clipped).toBe(false);
    expect(at(1.29, 1)).toMatchObject({ clipped: true, derivative: 0 });
    expect(at(1.29, 1).loss).toBeCloseTo(-1.28, 10);
    expect(at(0.5, 1).clipped).toBe(false);
    expect(at(0.81, -1).clipped).toBe(false);
    expect(at(0.79, -1)).toMatchObject({ clipped: true, derivative: 0 });
    expect(at(2, -1).derivative).toBeCloseTo(2, 10);
  });

  it('clips above by the bound of the prompt where it has one', () => {
    const at = (ratio: number, clipHigh: number | undefined) =>
      clippedSurrogate(Math.log(ratio), { oldLogProb: 0, advantage: 1, clipHigh }, { clipLow: 0.2, clipHigh: 0.28 }).clipped;
    expect([at(1.3, undefined), at(1.3, 0.35), at(1.1, 0.05), at(1.1, undefined)]).toEqual([true, false, true, false]);
  });

  it('has a KL estimate that is never negative and zero only where nothing moved', () => {
    fc.assert(
      fc.property(fc.double({ min: -8, max: 0, noNaN: true }), fc.double({ min: -8, max: 0, noNaN: true }), (a, b) => {
        for (const estimator of ['k2', 'k3'] as const) expect(klToBase(estimator, a, b).value).toBeGreaterThanOrEqual(0);
      }),
    );
    for (const estimator of ['k1', 'k2', 'k3'] as const) expect(klToBase(estimator, -1, -1)).toEqual({ value: 0, derivative: 0 });
  });

  it('estimates KL(policy ‖ base) without bias by k1 and k3, and has its gradient by k1 and k2', () => {
    const [policy, base] = [
      [0.7, 0.2, 0.1],
      [0.4, 0.35, 0.25],
    ] as const;
    const mean = (of: (index: number) => number): number => policy.reduce((sum, probability, index) => sum + probability * of(index), 0);
    const at = (estimator: 'k1' | 'k2' | 'k3', index: number) =>
      klToBase(estimator, Math.log(policy[index] as number), Math.log(base[index] as number));
    const exact = mean((index) => Math.log((policy[index] as number) / (base[index] as number)));
    for (const estimator of ['k1', 'k3'] as const) expect(mean((index) => at(estimator, index).value)).toBeCloseTo(exact, 12);
    // d KL / d logit j = p(j) (log p(j)/q(j) − KL); a token's derivative d reaches logit j as d ([x = j] − p(j)).
    for (const estimator of ['k1', 'k2'] as const) {
      for (const logit of [0, 1, 2]) {
        const reached = mean((index) => at(estimator, index).derivative * (Number(index === logit) - (policy[logit] as number)));
        expect(reached).toBeCloseTo(
          (policy[logit] as number) * (Math.log((policy[logit] as number) / (base[logit] as number)) - exact),
          12,
        );
      }
    }
  });

  it('bounds what a bad token costs by the dual clip, and nothing else', () => {
    const at = (ratio: number, advantage: number) =>
      clippedSurrogate(Math.log(ratio), { oldLogProb: 0, advantage, clipHigh: undefined }, { clipLow: 0.2, clipHigh: 0.28, dualClip: 3 });
    expect(at(2.9, -1)).toMatchObject({ clipped: false });
    expect(at(3.1, -2)).toEqual({ loss: 6, derivative: 0, clipped: true });
    expect(at(9, 1).loss).toBeCloseTo(-1.28, 10);
  });

  it('weighs stale tokens by their ratio up to the cap, and fresh ones as the plain policy gradient does', () => {
    const at = (ratio: number) => truncatedImportance(Math.log(ratio), { oldLogProb: 0, advantage: 2 }, { cap: 1.5 });
    expect(at(1).derivative).toBe(-2);
    expect(at(0.5).derivative).toBeCloseTo(-1, 12);
    expect(at(4)).toMatchObject({ derivative: -3, clipped: true });
  });
});

describe('cross-entropy', () => {
  it('has the gradient that finite differences give', () => {
    const targets = [
      { row: 0, token: 1 },
      { row: 2, token: 6 },
    ];
    fc.assert(
      fc.property(logitRows, fc.nat(rows * vocabulary - 1), (values, place) => {
        const logits = Float32Array.from(values);
        const softmax = new RowSoftmax(vocabulary);
        const gradient = new Float32Array(logits.length);
        crossEntropy(logits, softmax, targets, 2, gradient);
        const expected = numeric((given) => crossEntropy(given, softmax, targets, 2, null).loss, logits, place);
        expect(gradient[place]).toBeCloseTo(expected, 3);
      }),
      { numRuns: 100 },
    );
  });

  it('counts the targets that are the likeliest token', () => {
    const logits = Float32Array.from([0, 3, 1, 0, 0, 0, 0]);
    const targets = [
      { row: 0, token: 1 },
      { row: 0, token: 2 },
    ];
    expect(crossEntropy(logits, new RowSoftmax(vocabulary), targets, 1, null).correct).toEqual([true, false]);
  });
});

describe('the softmax of a row', () => {
  it('is a distribution for logits of any size', () => {
    const softmax = new RowSoftmax(3);
    softmax.read(Float32Array.from([1e4, 1e4 - 1, -1e30]), 0);
    expect(softmax.weights.reduce((sum, weight) => sum + weight / softmax.total, 0)).toBeCloseTo(1, 12);
    expect(softmax.logTotal).toBeCloseTo(1e4 + Math.log(1 + Math.exp(-1)), 3);
    expect(softmax.best).toBe(0);
  });

  it('prefers the smallest id among equals', () => {
    const softmax = new RowSoftmax(3);
    softmax.read(Float32Array.from([0, 2, 2]), 0);
    expect(softmax.best).toBe(1);
  });
});
