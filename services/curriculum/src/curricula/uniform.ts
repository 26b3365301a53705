import { parseWith } from '@redqueen/core';
import { z } from 'zod';
import type { ArmKey, Curriculum } from './curriculum.ts';

/** Every arm as likely as the others, always: the control arm that a learned curriculum must beat. */
export function createUniform(arms: readonly ArmKey[], options: unknown): Curriculum<null> {
  parseWith(z.strictObject({}), options, 'curriculum.options');
  return {
    initial: () => null,
    settled: () => null,
    released: () => null,
    probabilities: () => arms.map(() => 1 / arms.length),
    progress: () => arms.map(() => 0),
    turned: () => undefined,
  };
}
