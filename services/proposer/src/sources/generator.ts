import { definePlugin, randomOf, type SlotRequest, type Task } from '@redqueen/core';
import { environmentByName, generateIn } from '@redqueen/environments';
import { z } from 'zod';

/** The training task that the environment draws for one place of a slot. Places draw independently, so that one can be filled without the others. */
export function drawnTask(slot: SlotRequest, index: number): Task {
  return generateIn('train', environmentByName(slot.environment), slot, randomOf(slot.seed, index, 'generator'));
}

/** Tasks drawn from the environment: no policy, nothing to learn. */
export const generator = definePlugin({
  kind: 'task-source',
  name: 'generator',
  source: 'procedural generation, e.g. Reasoning Gym (Stojanovski et al. 2025)',
  about: 'Draws tasks from the environment.',
  options: z.strictObject({}),
  create: () => ({
    name: 'generator',
    propose: async (slot) => Array.from({ length: slot.proposals }, (_, index) => ({ task: drawnTask(slot, index) })),
  }),
});
