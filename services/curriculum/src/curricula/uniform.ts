import { definePlugin } from '@redqueen/core';
import { z } from 'zod';

/** Every arm as likely as the others, always: the control arm that a learned curriculum must beat. */
export const uniform = definePlugin({
  kind: 'curriculum',
  name: 'uniform',
  source: 'the usual control arm; also called domain randomisation',
  about: 'Opens slots for every family and level alike.',
  options: z.strictObject({}),
  create: (_options, { arms }) => ({
    initial: () => null,
    settled: () => null,
    released: () => null,
    probabilities: () => arms.map(() => 1 / arms.length),
    progress: () => arms.map(() => 0),
    turned: () => undefined,
  }),
});
