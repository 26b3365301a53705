import { z } from 'zod';
import { definePlugin } from '../plugins/index.ts';

/** The environment's prompt and nothing else: a role sees its task, and training sees what the role saw. */
export const linear = definePlugin({
  kind: 'context-manager',
  name: 'linear',
  source: 'ours; the usual append-only context, here of one turn',
  about: 'Shows a role its task alone; training sees the same.',
  options: z.strictObject({}),
  create: () => ({
    name: 'linear',
    build: async ({ prompt }) => ({ prompt, forTraining: prompt }),
  }),
});
