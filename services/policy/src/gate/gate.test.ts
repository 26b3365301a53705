import fc from 'fast-check';
import { expect, it } from 'vitest';
import { gated } from '../lineages/gated.ts';
import { countFlips, noFlips, passCount, passText } from './flips.ts';
import { isWorse } from './rule.ts';

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
      const parent = { number: 3, passed: text };
      expect(gated.admit({ candidate: { number: 4, passed: text }, parent, best: parent, tolerance })).toEqual({
        release: true,
        reason: 'gate',
        flips: noFlips,
      });
    }),
  );
});

it('refuses what is clearly worse than the parent, with the numbers', () => {
  const parent = { number: 3, passed: '1'.repeat(40) };
  const candidate = { number: 4, passed: '1'.repeat(30) + '0'.repeat(10) };
  const verdict = gated.admit({ candidate, parent, best: parent, tolerance: 2 });
  expect(verdict.release).toBe(false);
  expect(verdict.flips).toEqual({ passToFail: 10, failToPass: 0 });
  expect(verdict.reason).toBe('gate: of 40 anchors 10 were lost and 0 gained against version 3, more than 2 standard deviations');
});

it('stops a slow slide: no step is worse than its parent, the last one is worse than the best', () => {
  const best = { number: 1, passed: '1'.repeat(40) };
  const parent = { number: 2, passed: '1'.repeat(36) + '0'.repeat(4) };
  const candidate = { number: 3, passed: '1'.repeat(33) + '0'.repeat(7) };
  expect(gated.admit({ candidate, parent, best: parent, tolerance: 2 }).release).toBe(true);
  expect(gated.admit({ candidate, parent, best, tolerance: 2 }).reason).toContain('against version 1');
});
