import type { ArmKey } from '@redqueen/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { curriculumOf } from './index.ts';

const arms: ArmKey[] = [1, 2, 3].flatMap((level) => ['add', 'sort'].map((family) => ({ environment: family, family, level })));
const names = ['learning-progress', 'uniform', 'fixed-window', 'solve-rate-variance'];
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe('curricula', () => {
  test('an unknown name lists the known ones, and a wrong option is named', () => {
    expect(() => curriculumOf({ use: 'nonsense', options: {} }, arms)).toThrow(
      /nonsense.*fixed-window, learning-progress, solve-rate-variance, uniform/,
    );
    expect(() => curriculumOf({ use: 'learning-progress', options: { explore: 2 } }, arms)).toThrow(/explore/);
    expect(() => curriculumOf({ use: 'toString', options: {} }, arms)).toThrow(/there is no curriculum/);
  });

  test.each(names)('%s: probabilities are ≥ 0 and sum to 1 whatever is observed, and memory survives JSON', (use) => {
    const observation = fc.record({
      arm: fc.nat({ max: 5 }),
      solved: fc.integer({ min: 0, max: 8 }),
      accuracy: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(observation, { maxLength: 60 }), (observations) => {
        const curriculum = curriculumOf({ use, options: {} }, arms);
        let memory = curriculum.initial();
        for (const { arm, solved, accuracy } of observations) {
          memory = curriculum.settled(memory, arm, { attempts: 8, solved });
          memory = curriculum.released(
            memory,
            arms.map((_, index) => (index === arm ? accuracy : undefined)),
          );
          memory = JSON.parse(JSON.stringify(memory));
        }
        const probabilities = curriculum.probabilities(memory);
        expect(sum(probabilities)).toBeCloseTo(1, 9);
        expect(Math.min(...probabilities)).toBeGreaterThanOrEqual(0);
        if (use === 'learning-progress') expect(Math.min(...probabilities)).toBeGreaterThan(0.3 / arms.length - 1e-9);
      }),
      { numRuns: 50 },
    );
  });

  test('learning-progress gives most to the arm whose gate accuracy moves, up or down, and reports it', () => {
    const curriculum = curriculumOf({ use: 'learning-progress', options: { explore: 0.1 } }, arms);
    let memory = curriculum.initial();
    for (const arm of arms.keys()) for (let n = 0; n < 2; n++) memory = curriculum.settled(memory, arm, { attempts: 8, solved: 4 });
    memory = curriculum.released(
      memory,
      arms.map(() => 0.5),
    );
    memory = curriculum.released(
      memory,
      arms.map((_, index) => (index === 2 ? 0.9 : index === 4 ? 0.2 : 0.5)),
    );
    const probabilities = curriculum.probabilities(memory);
    expect(probabilities[2]).toBeGreaterThan(probabilities[0] as number);
    expect(probabilities[4]).toBeGreaterThan(probabilities[0] as number);
    // |0.3 − 0.1| · 0.4 and |0.3 − 0.1| · 0.3
    expect(curriculum.progress(memory).map((value) => Number(value.toFixed(9)))).toEqual([0, 0, 0.08, 0, 0.06, 0]);
    // 0.1/6 + 0.9 · (0.08 + 0.02) / (6 · 0.02 + 0.14)
    expect(probabilities[2]).toBeCloseTo(0.1 / 6 + (0.9 * 0.1) / 0.26, 6);
  });

  test('learning-progress: a mastered arm and a hopeless arm get less than one on the frontier', () => {
    const curriculum = curriculumOf({ use: 'learning-progress', options: {} }, arms);
    let memory = curriculum.initial();
    for (const [arm, solved] of [8, 0, 4, 4, 4, 4].entries())
      for (let n = 0; n < 3; n++) memory = curriculum.settled(memory, arm, { attempts: 8, solved });
    const probabilities = curriculum.probabilities(memory) as number[];
    expect(probabilities[0]).toBeCloseTo(0.3 / 6, 6);
    expect(probabilities[1]).toBeCloseTo(0.3 / 6, 6);
    expect(probabilities[2]).toBeGreaterThan(0.2);
  });

  test('fixed-window begins at the lowest levels, raises at 0.9 and closes what falls out of the window', () => {
    const curriculum = curriculumOf({ use: 'fixed-window', options: { window: 2, minimumAttempts: 16 } }, arms);
    const add = arms.flatMap(({ family }, index) => (family === 'add' ? [index] : [])) as [number, number, number];
    const open = (memory: unknown) => add.filter((arm) => (curriculum.probabilities(memory)[arm] as number) > 0);
    let memory = curriculum.initial();
    expect(open(memory)).toEqual([add[0]]);
    memory = curriculum.settled(memory, add[0], { attempts: 8, solved: 8 });
    expect(open(memory)).toEqual([add[0]]);
    memory = curriculum.settled(memory, add[0], { attempts: 8, solved: 7 });
    expect(open(memory)).toEqual([add[0], add[1]]);
    // What happens below the top level no longer matters.
    for (let n = 0; n < 9; n++) memory = curriculum.settled(memory, add[0], { attempts: 8, solved: 8 });
    expect(open(memory)).toEqual([add[0], add[1]]);
    for (let n = 0; n < 2; n++) memory = curriculum.settled(memory, add[1], { attempts: 8, solved: 8 });
    expect(open(memory)).toEqual([add[1], add[2]]);
    for (let n = 0; n < 9; n++) memory = curriculum.settled(memory, add[2], { attempts: 8, solved: 8 });
    expect(open(memory)).toEqual([add[1], add[2]]);
  });
});
