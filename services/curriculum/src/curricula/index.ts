import { registryOf, type Recipe } from '@redqueen/core';
import type { ArmKey, CreateCurriculum, Curriculum } from './curriculum.ts';
import { createFixedWindow } from './fixed-window.ts';
import { createLearningProgress } from './learning-progress.ts';
import { createUniform } from './uniform.ts';

const curricula = registryOf<{ readonly name: string; readonly create: CreateCurriculum }>('curriculum', [
  { name: 'learning-progress', create: createLearningProgress as CreateCurriculum },
  { name: 'uniform', create: createUniform as CreateCurriculum },
  { name: 'fixed-window', create: createFixedWindow as CreateCurriculum },
]);

/** The curriculum that a recipe names. Throws `invalid_argument` with the known names, or naming the option that does not fit. */
export function curriculumOf({ use, options }: Recipe['curriculum'], arms: readonly ArmKey[]): Curriculum {
  return curricula.get(use).create(arms, options);
}

export type { ArmKey, Curriculum, Outcome } from './curriculum.ts';
