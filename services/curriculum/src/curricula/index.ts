import { RedQueenError } from '@redqueen/core';
import type { ArmKey, CreateCurriculum, Curriculum } from './curriculum.ts';
import { createFixedWindow } from './fixed-window.ts';
import { createLearningProgress } from './learning-progress.ts';
import { createUniform } from './uniform.ts';

const curricula: Readonly<Record<string, CreateCurriculum>> = {
  'learning-progress': createLearningProgress as CreateCurriculum,
  uniform: createUniform as CreateCurriculum,
  'fixed-window': createFixedWindow as CreateCurriculum,
};

/** The curriculum that a recipe names. Throws `invalid_argument` with the known names, or naming the option that does not fit. */
export function createCurriculum(use: { readonly use: string; readonly options: unknown }, arms: readonly ArmKey[]): Curriculum {
  const create = Object.hasOwn(curricula, use.use) ? curricula[use.use] : undefined;
  if (!create) {
    throw new RedQueenError(
      'invalid_argument',
      `curriculum.use: there is no ${JSON.stringify(use.use)}; known are ${Object.keys(curricula).join(', ')}`,
    );
  }
  return create(arms, use.options);
}

export type { ArmKey, Curriculum, Outcome } from './curriculum.ts';
