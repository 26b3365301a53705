import type { ArmKey } from '@redqueen/core';
import { describe, expect, test } from 'vitest';
import { curriculumOf } from './index.ts';

const arms: ArmKey[] = [1, 2, 3].map((level) => ({ environment: 'arithmetic', family: 'add', level }));
const outcome = (solved: number) => ({ attempts: 8, solved });

describe('solve-rate-variance', () => {
  test('golden: solve rates ¼, ½ and 1 without exploration give 3 : 4 : 0', () => {
    const curriculum = curriculumOf({ use: 'solve-rate-variance', options: { explore: 0 } }, arms);
    let memory = curriculum.initial();
    for (const [arm, solved] of [2, 4, 8].entries()) memory = curriculum.settled(memory, arm, outcome(solved));
    expect(curriculum.probabilities(memory)).toEqual([3 / 7, 4 / 7, 0]);
  });

  test('what was never tried counts as one half, and exploration keeps the mastered alive', () => {
    const curriculum = curriculumOf({ use: 'solve-rate-variance', options: { explore: 0.3 } }, arms);
    const [memory] = [curriculum.settled(curriculum.initial(), 0, outcome(8))];
    const [mastered, ...unseen] = curriculum.probabilities(memory);
    expect(mastered).toBeCloseTo(0.1);
    expect(unseen[0]).toBeCloseTo(0.45);
    expect(unseen[1]).toBeCloseTo(0.45);
  });

  test('nothing to learn anywhere is uniform', () => {
    const curriculum = curriculumOf({ use: 'solve-rate-variance', options: {} }, arms);
    let memory = curriculum.initial();
    for (const arm of arms.keys()) memory = curriculum.settled(memory, arm, outcome(arm === 0 ? 0 : 8));
    for (const chance of curriculum.probabilities(memory)) expect(chance).toBeCloseTo(1 / 3);
  });

  test('the solve rate is a moving average that starts at the first episode', () => {
    const curriculum = curriculumOf({ use: 'solve-rate-variance', options: { rate: 0.5 } }, arms);
    const memory = curriculum.settled(curriculum.settled(curriculum.initial(), 0, outcome(8)), 0, outcome(0));
    expect(memory).toMatchObject({ solveRates: [0.5, null, null] });
  });
});
