import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LossSettings } from '../worker/protocol.ts';
import { clippedSurrogate } from './clipped-surrogate.ts';
import { oddsRatio } from './odds-ratio.ts';
import { policyGradient } from './policy-gradient.ts';
import { preference } from './preference.ts';
import { sequenceSurrogate } from './sequence-surrogate.ts';
import type { TokenTerm } from './token-term.ts';

const vocabulary = 5;
const penalties = { klToBase: 0.3, klEstimator: 'k2', entropyBonus: 0.1 } as const;
const kinds: readonly LossSettings[] = [
  { kind: 'sequence-clipped', clipLow: 1e9, clipHigh: 1e9, ...penalties },
  { kind: 'preference', beta: 0.7, smoothing: 0, ...penalties },
  { kind: 'preference', beta: 0.7, smoothing: 0.1, ...penalties },
  { kind: 'odds-ratio', strength: 0.6, ...penalties },
];

const logProb = fc.double({ min: -3, max: -0.1, noNaN: true });
const token = fc.record({ token: fc.nat(vocabulary - 1), oldLogProb: logProb, baseLogProb: logProb });
const sample = fc.array(token, { minLength: 1, maxLength: 3 });
/** Pairs of samples; every token has a row of its own. */
const pairs = fc.array(fc.tuple(sample, sample), { minLength: 1, maxLength: 3 }).map((groups) => {
  const terms: TokenTerm[] = [];
  for (const [group, samples] of groups.entries())
    for (const [which, tokens] of samples.entries())
      for (const one of tokens) {
        const place = { row: terms.length, sample: which, group, advantage: which === 0 ? 1 : -1 };
        terms.push({ ...one, ...place, weight: 1, solveRate: Number.NaN, clipHigh: undefined });
      }
  return terms;
});

describe('losses of whole samples', () => {
  it.each(kinds)('have the gradient that finite differences give, with KL and entropy: $kind', (settings) => {
    const check = fc.property(pairs, fc.integer(), (terms, seed) => {
      const logits = Float32Array.from({ length: terms.length * vocabulary }, (_, index) => 2 * Math.sin(seed + 3.7 * index));
      const loss = (given: Float32Array): number => policyGradient(given, vocabulary, terms, { settings, normaliser: 4 }).sums.loss;
      const { gradient } = policyGradient(logits, vocabulary, terms, { settings, normaliser: 4 });
      const step = 2 ** -7;
      for (let place = 0; place < logits.length; place += 3) {
        const [up, down] = [logits.slice(), logits.slice()];
        up[place] = (up[place] as number) + step;
        down[place] = (down[place] as number) - step;
        const numeric = (loss(up) - loss(down)) / ((up[place] as number) - (down[place] as number));
        expect(Math.abs((gradient[place] as number) - numeric)).toBeLessThan(2e-3 * Math.max(1, Math.abs(numeric)));
      }
    });
    fc.assert(check, { numRuns: 60 });
  });

  it('refuse a group that is no pair', () => {
    const one = {
      row: 0,
      sample: 0,
      group: 0,
      token: 1,
      oldLogProb: -1,
      baseLogProb: -1,
      advantage: 1,
      weight: 1,
      solveRate: 0,
      clipHigh: undefined,
    };
    const loss = { settings: kinds[1] as LossSettings, normaliser: 1 };
    expect(() => policyGradient(new Float32Array(vocabulary), vocabulary, [one], loss)).toThrow('one preferred and one other sample');
  });
});

const sums = { tokens: 1, logProb: -1, oldLogProb: -1.2, baseLogProb: -1.1, advantage: 1, clipHigh: undefined };

describe('GSPO', () => {
  const clip = { clipLow: 0.2, clipHigh: 0.28 };

  it('of a sample of one token is the token’s clipped surrogate', () => {
    const check = fc.property(logProb, logProb, fc.double({ min: -2, max: 2, noNaN: true }), (now, old, advantage) => {
      const whole = sequenceSurrogate({ ...sums, logProb: now, oldLogProb: old, advantage }, clip);
      expect(whole).toEqual(clippedSurrogate(now - old, { oldLogProb: 0, advantage, clipHigh: undefined }, clip));
    });
    fc.assert(check);
  });

  it('clips a sample by the geometric mean of its ratios, not by any token', () => {
    // Ratios 2 and 0.5: each beyond the clip, their mean is 1.
    const level = sequenceSurrogate({ ...sums, tokens: 2, logProb: Math.log(2) + Math.log(0.5), oldLogProb: 0 }, clip);
    expect(level).toEqual({ loss: -2, derivative: -1, clipped: false });
    expect(sequenceSurrogate({ ...sums, tokens: 2, logProb: 2 * Math.log(1.3), oldLogProb: 0 }, clip)).toMatchObject({
      derivative: 0,
      clipped: true,
    });
  });
});

describe('preferences', () => {
  it('cost log 2 where policy and base agree, and less the more the preferred sample gained', () => {
    const same = { logProb: -2, baseLogProb: -2 };
    const dpo = { beta: 0.5, smoothing: 0 };
    const level = preference(same, same, dpo);
    expect(level.chosen.loss + level.rejected.loss).toBeCloseTo(Math.LN2, 12);
    expect([level.chosen.derivative, level.rejected.derivative]).toEqual([-0.25, 0.25]);
    expect(preference({ ...same, logProb: -1 }, same, dpo).chosen.loss).toBeLessThan(level.chosen.loss);
  });

  it('with smoothing stop where σ(Δ) = 1 − ε, and without bound cost more as ε falls', () => {
    const smoothing = 0.1;
    const chosen = { logProb: Math.log((1 - smoothing) / smoothing), baseLogProb: 0 };
    const still = { logProb: 0, baseLogProb: 0 };
    const there = preference(chosen, still, { beta: 1, smoothing });
    expect(there.chosen.derivative).toBeCloseTo(0, 12);
    expect(there.chosen.loss).toBeCloseTo(0, 12);
    const costs = [1e-2, 1e-4, 1e-8].map((small) => preference(still, still, { beta: 1, smoothing: small }).chosen.loss);
    expect(costs.toSorted((a, b) => a - b)).toEqual(costs);
  });

  it('stay finite however far apart the samples are', () => {
    for (const logProbs of [1e4, -1e4]) {
      for (const smoothing of [0, 0.01]) {
        const { chosen } = preference({ logProb: logProbs, baseLogProb: 0 }, { logProb: 0, baseLogProb: 0 }, { beta: 1, smoothing });
        expect(Number.isFinite(chosen.loss) && Number.isFinite(chosen.derivative)).toBe(true);
      }
    }
  });
});

describe('ORPO', () => {
  it('without an odds ratio is the mean negative log-likelihood of the preferred sample', () => {
    const { chosen, rejected } = oddsRatio({ tokens: 4, logProb: -6 }, { tokens: 2, logProb: -1 }, { strength: 0 });
    expect(chosen).toMatchObject({ loss: 1.5, derivative: -0.25 });
    expect(rejected.derivative).toBeCloseTo(0, 12);
  });

  it('adds λ log 2 for samples of equal odds, whatever their lengths', () => {
    const { chosen, rejected } = oddsRatio({ tokens: 4, logProb: -4 }, { tokens: 2, logProb: -2 }, { strength: 0.5 });
    expect(chosen.loss + rejected.loss).toBeCloseTo(1 + 0.5 * Math.LN2, 12);
  });

  it('stays finite for a policy that is certain', () => {
    const { chosen } = oddsRatio({ tokens: 1, logProb: 0 }, { tokens: 1, logProb: -50 }, { strength: 1 });
    expect(Number.isFinite(chosen.loss) && Number.isFinite(chosen.derivative)).toBe(true);
  });
});
