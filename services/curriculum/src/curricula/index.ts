import { pluginRegistry, type AnyPlugin, type ArmKey, type Curriculum, type Recipe } from '@redqueen/core';
import { fixedWindow } from './fixed-window.ts';
import { learningProgress } from './learning-progress.ts';
import { solveRateVariance } from './solve-rate-variance.ts';
import { uniform } from './uniform.ts';

/** The curricula that a recipe may name. */
export const curricula = pluginRegistry('curriculum', [learningProgress, uniform, fixedWindow, solveRateVariance]);

/**
 * The curriculum that a recipe names; `plugins` are those of its packages.
 * Throws `invalid_argument` with the known names, or naming the option that does not fit.
 */
export function curriculumOf(choice: Recipe['curriculum'], arms: readonly ArmKey[], plugins: readonly AnyPlugin[] = []): Curriculum {
  return curricula.with(plugins).create(choice, { arms }, 'curriculum');
}
