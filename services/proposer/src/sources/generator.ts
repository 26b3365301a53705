import { randomOf, type Task } from '@redqueen/core';
import { environmentByName, generateIn } from '@redqueen/environments';
import type { SlotRequest, TaskSource } from './source.ts';

/** The training task that the environment draws for one place of a slot. Places draw independently, so that one can be filled without the others. */
export function drawnTask(slot: SlotRequest, index: number): Task {
  return generateIn('train', environmentByName(slot.environment), slot, randomOf(slot.seed, index, 'generator'));
}

/** Tasks drawn from the environment: no policy, nothing to learn. */
export function createGenerator(): TaskSource {
  return {
    name: 'generator',
    propose: async (slot) => Array.from({ length: slot.proposals }, (_, index) => ({ task: drawnTask(slot, index) })),
  };
}
