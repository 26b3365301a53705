import { recordOf } from '@redqueen/testkit';
import type { ServiceContext } from '@redqueen/runtime';
import { expect, test } from 'vitest';
import { requireWorkable } from './recipe-check.ts';

/** A gateway in a cluster whose services answer that. */
const context = (faults: Record<string, string[]>) =>
  ({ name: 'gateway', checkRecipe: async (service: string) => faults[service] ?? [] }) as unknown as ServiceContext;

test('a recipe that every service could work on passes', async () => {
  await expect(requireWorkable(context({}), recordOf().recipe)).resolves.toBeUndefined();
});

test('what several services find is said once, the gateway’s own monitors included', async () => {
  const recipe = recordOf({ monitors: [{ use: 'nonesuch' }] }).recipe;
  const missing = 'plugins: the package nowhere is not installed';
  await expect(requireWorkable(context({ curriculum: [missing], verifier: [missing] }), recipe)).rejects.toMatchObject({
    code: 'invalid_argument',
    message: expect.stringMatching(
      /^recipe .*:\n {2}plugins: the package nowhere is not installed\n {2}monitors\[0\]: there is no monitor "nonesuch"/,
    ),
  });
});
