import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { averageLinkage } from './average-linkage.ts';
import { bleu } from './bleu.ts';
import { clusterShares } from './repetition.ts';

const characters = (text: string): string[] => [...text];
const text = fc.array(fc.constantFrom('1', '2', '+'), { minLength: 1, maxLength: 6 }).map((all) => all.join(''));

describe('bleu', () => {
  it('is 1 for equal texts, however short, symmetric and in [0, 1]', () => {
    fc.assert(
      fc.property(text, text, (left, right) => {
        const value = bleu(characters(left), characters(right));
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1 + 1e-12);
        expect(value).toBe(bleu(characters(right), characters(left)));
        expect(bleu(characters(left), characters(left))).toBeCloseTo(1, 12);
      }),
    );
    expect(bleu([], [])).toBe(1);
    expect(bleu([], ['a'])).toBe(0);
  });

  it('golden: precisions 4/5, 3/4, 2/3 and 1/2 of texts that differ in their last character', () => {
    expect(bleu(characters('12+34'), characters('12+35'))).toBeCloseTo((0.8 * 0.75 * (2 / 3) * 0.5) ** 0.25, 12);
  });

  it('a candidate that is too short pays for it', () => {
    // One way: precisions 1, 1 and the brevity penalty exp(1 − 4/2). The other way: 2/4 and 1/3.
    expect(bleu(characters('12'), characters('12+3'))).toBeCloseTo((Math.exp(-1) + Math.sqrt(0.5 / 3)) / 2, 12);
  });
});

describe('averageLinkage', () => {
  it('joins what is closer than the threshold on average, not in a chain', () => {
    const at = [0, 0.4, 0.8, 5];
    const distances = at.map((one) => at.map((other) => Math.abs(one - other)));
    expect(averageLinkage(distances, 0.5)).toEqual([[0, 1], [2], [3]]);
    expect(averageLinkage(distances, 0.7)).toEqual([[0, 1, 2], [3]]);
    expect(averageLinkage(distances, 0.4)).toEqual([[0], [1], [2], [3]]);
  });
});

describe('clusterShares', () => {
  it('clusters share the texts out among them, and equal texts share a cluster', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 8 }), fc.double({ min: 0, max: 1, noNaN: true }), (texts, threshold) => {
        const distances = texts.map((one) => texts.map((other) => 1 - bleu(characters(one), characters(other))));
        const clusters = averageLinkage(distances, threshold);
        expect(clusters.flat().sort((a, b) => a - b)).toEqual(texts.map((_, index) => index));
        const shares = clusterShares(texts, threshold);
        expect(clusters.reduce((sum, [first]) => sum + (shares[first ?? 0] ?? 0), 0)).toBeCloseTo(1, 9);
        const same = (left: string, right: string) =>
          threshold === 0 || left !== right || shares[texts.indexOf(left)] === shares[texts.lastIndexOf(right)];
        expect(texts.every((one) => same(one, one))).toBe(true);
      }),
    );
  });

  it('tells many of a kind from one of its own', () => {
    expect(clusterShares(['12+34', '12+35', '12+36', 'sdcba'], 0.5)).toEqual([0.75, 0.75, 0.75, 0.25]);
    expect(clusterShares([], 0.5)).toEqual([]);
  });
});
