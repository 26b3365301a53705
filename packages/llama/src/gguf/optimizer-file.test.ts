import { RedQueenError } from '@redqueen/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomNumbers } from '../testing/tiny-model.ts';
import { decodeOptimizer, encodeOptimizer } from './optimizer-file.ts';

const state = { step: 41, firstMoment: randomNumbers(9, 1, 1), secondMoment: randomNumbers(9, 1, 2).map(Math.abs) };
const file = encodeOptimizer(state);

describe('the optimizer file', () => {
  it('gives back what was put in', () => {
    expect(decodeOptimizer(file, 9)).toEqual(state);
  });

  it.each([
    ['another count', () => decodeOptimizer(file, 8), /holds 9 weights/],
    ['a cut', () => decodeOptimizer(file.subarray(0, -1), 9), /weights in 87 bytes/],
    ['no header', () => decodeOptimizer(file.subarray(0, 8), 9), /no optimizer state/],
    ['another version', () => decodeOptimizer(file.with(4, 9), 9), /version 9/],
    [
      'a NaN',
      () => decodeOptimizer(encodeOptimizer({ ...state, firstMoment: state.firstMoment.with(0, Number.NaN) }), 9),
      /moment 1 holds NaN/,
    ],
    [
      'a negative second moment',
      () => decodeOptimizer(encodeOptimizer({ ...state, secondMoment: state.secondMoment.with(3, -1) }), 9),
      /moment 2 holds -1/,
    ],
  ])('with %s is refused', (_, decode, message) => {
    expect(decode).toThrow(message);
    expect(decode).toThrow(RedQueenError);
  });

  it('with flipped bits never decodes to something that is not finite', () => {
    fc.assert(
      fc.property(fc.nat(file.length * 8 - 1), (bit) => {
        const broken = file.with(bit >> 3, (file[bit >> 3] as number) ^ (1 << (bit & 7)));
        try {
          const decoded = decodeOptimizer(broken, 9);
          expect([...decoded.firstMoment, ...decoded.secondMoment].every(Number.isFinite)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(RedQueenError);
        }
      }),
    );
  });
});
