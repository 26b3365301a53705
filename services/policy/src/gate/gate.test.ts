import fc from 'fast-check';
import { expect, it } from 'vitest';
import { lineages } from '../lineages/index.ts';
import { countFlips, noFlips, passCount, passText } from './flips.ts';
import { isCostlier, lossText, meanLoss, readLosses } from './losses.ts';
import { bestOf } from './merit.ts';
import { isWorse } from './rule.ts';

const lineage = lineages.create({ use: 'gated' }, {});

const tried = (number: number, passed: string, losses: readonly number[] = []) => ({ number, passed, losses: lossText(losses) });

const answers = fc.array(fc.boolean(), { minLength: 1, maxLength: 200 });
const pair = fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 1, maxLength: 200 });

it('counts every difference once, in its own direction', () => {
  fc.assert(
    fc.property(pair, (both) => {
      const before = passText(both.map(([first]) => first));
      const after = passText(both.map(([, second]) => second));
      const { passToFail, failToPass } = countFlips(before, after);
      expect(passToFail).toBe(both.filter(([first, second]) => first && !second).length);
      expect(failToPass).toBe(both.filter(([first, second]) => !first && second).length);
      expect(passCount(after) - passCount(before)).toBe(failToPass - passToFail);
      expect(countFlips(after, before)).toEqual({ passToFail: failToPass, failToPass: passToFail });
    }),
  );
});

it('refuses to compare sets of different sizes', () => {
  expect(() => countFlips('101', '10')).toThrow('3 anchors before and 2 now');
});

it('is McNemar’s rule: 16 lost against 4 gained is 2.68 standard deviations', () => {
  expect(isWorse({ passToFail: 16, failToPass: 4 }, 2)).toBe(true);
  expect(isWorse({ passToFail: 16, failToPass: 4 }, 2.7)).toBe(false);
  expect(isWorse({ passToFail: 13, failToPass: 5 }, 2)).toBe(false);
  expect(isWorse(noFlips, 0)).toBe(false);
});

it('never calls better worse, and a larger loss is never less of one', () => {
  fc.assert(
    fc.property(fc.nat(200), fc.nat(200), fc.double({ min: 0, max: 5, noNaN: true }), (lost, gained, tolerance) => {
      if (lost <= gained) expect(isWorse({ passToFail: lost, failToPass: gained }, tolerance)).toBe(false);
      if (isWorse({ passToFail: lost, failToPass: gained }, tolerance)) {
        expect(isWorse({ passToFail: lost, failToPass: Math.max(0, gained - 1) }, tolerance)).toBe(true);
      }
    }),
  );
});

it('releases a candidate with the answers of its parent, whatever the tolerance', () => {
  fc.assert(
    fc.property(answers, fc.double({ min: 0, max: 5, noNaN: true }), (passed, tolerance) => {
      const text = passText(passed);
      const parent = tried(3, text);
      expect(lineage.admit({ candidate: tried(4, text), parent, best: parent, tolerance, lossTolerance: 0 })).toEqual({
        release: true,
        reason: 'gate',
        flips: noFlips,
      });
    }),
  );
});

it('refuses what is clearly worse than the parent, with the numbers', () => {
  const parent = tried(3, '1'.repeat(40));
  const candidate = tried(4, '1'.repeat(30) + '0'.repeat(10));
  const verdict = lineage.admit({ candidate, parent, best: parent, tolerance: 2, lossTolerance: 0 });
  expect(verdict.release).toBe(false);
  expect(verdict.flips).toEqual({ passToFail: 10, failToPass: 0 });
  expect(verdict.reason).toBe('gate: of 40 anchors 10 were lost and 0 gained against version 3, more than 2 standard deviations');
});

it('stops a slow slide: no step is worse than its parent, the last one is worse than the best', () => {
  const best = tried(1, '1'.repeat(40));
  const parent = tried(2, '1'.repeat(36) + '0'.repeat(4));
  const candidate = tried(3, '1'.repeat(33) + '0'.repeat(7));
  expect(lineage.admit({ candidate, parent, best: parent, tolerance: 2, lossTolerance: 0 }).release).toBe(true);
  expect(lineage.admit({ candidate, parent, best, tolerance: 2, lossTolerance: 0 }).reason).toContain('against version 1');
});

const losses = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 100 });

it('keeps losses to 1/255, whatever their number', () => {
  fc.assert(
    fc.property(losses, (values) => {
      const read = readLosses(lossText(values));
      expect(read).toHaveLength(values.length);
      for (const [index, loss] of read.entries()) expect(Math.abs(loss - (values[index] ?? 0))).toBeLessThanOrEqual(0.5 / 255 + 1e-12);
    }),
  );
});

it('refuses a verdict that became dearer though no label flipped', () => {
  const parent = tried(3, '1111', [0.2, 0.2, 0.2, 0.2]);
  const candidate = tried(4, '1111', [0.3, 0.2, 0.2, 0.3]);
  const verdict = lineage.admit({ candidate, parent, best: parent, tolerance: 2, lossTolerance: 0 });
  expect(verdict.release).toBe(false);
  expect(verdict.flips).toEqual(noFlips);
  expect(verdict.reason).toBe('gate: mean loss 0.2510 on 4 anchors against 0.2000 of version 3, more than 0 standard errors');
});

it('says by how much a candidate should have been better where an improvement is asked for', () => {
  const parent = tried(3, '11', [0.2, 0.4]);
  const verdict = lineage.admit({ candidate: tried(4, '11', [0.2, 0.4]), parent, best: parent, tolerance: 2, lossTolerance: -0.5 });
  expect(verdict.release).toBe(true); // the same answers: nothing speaks against it
  const close = lineage.admit({ candidate: tried(4, '11', [0.1, 0.48]), parent, best: parent, tolerance: 2, lossTolerance: -0.5 });
  expect(close.reason).toContain('less than 0.5 standard errors better');
});

it('is the paired t statistic: differences .1 .1 .1 .3 have mean .15, standard error .05', () => {
  const before = lossText([0.2, 0.2, 0.2, 0.2]);
  const after = lossText([0.3, 0.3, 0.3, 0.5]);
  expect(isCostlier(before, after, 2.9)).toBe(true);
  expect(isCostlier(before, after, 3.1)).toBe(false);
  expect(isCostlier(after, before, -2.9)).toBe(false);
  expect(isCostlier(after, before, -3.1)).toBe(true);
  expect(() => isCostlier(before, lossText([0.1]), 0)).toThrow('losses of 4 anchors before and 1 now');
});

it('a lower mean loss is never costlier, and the best version has the least', () => {
  fc.assert(
    fc.property(fc.array(losses, { minLength: 1, maxLength: 6 }), fc.double({ min: 0, max: 4, noNaN: true }), (lists, tolerance) => {
      const size = Math.min(...lists.map((list) => list.length));
      const versions = lists.map((list, number) => tried(number, '1', list.slice(0, size)));
      const best = bestOf(versions);
      for (const version of versions) {
        expect(meanLoss(best?.losses ?? '')).toBeLessThanOrEqual(meanLoss(version.losses));
        expect(isCostlier(version.losses, best?.losses ?? '', tolerance)).toBe(false);
      }
    }),
  );
});
