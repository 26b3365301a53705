import { resolveRecipe } from '@redqueen/core';
import type { RunPlan } from '../lineage/state.ts';

const role = {
  optimizer: { learningRate: 0.01 },
  rewards: [{ use: 'outcome', weight: 1 }],
  credit: { use: 'group-normalised' },
  batch: 2,
  updatesPerVersion: 2,
};

/** A small run for tests: two updates a version. `patch` is merged into the recipe. */
export function testPlan(patch: object = {}, run = 'test'): RunPlan {
  const recipe = resolveRecipe(
    {
      name: 'test',
      model: 'starter',
      updates: 12,
      environments: [{ use: 'arithmetic', families: { add: [1] } }],
      curriculum: { use: 'uniform' },
      roles: { executor: role, proposer: role, verifier: role, 'world-model': role },
    },
    patch,
  );
  return { run, recipe, seed: recipe.seed, updates: recipe.updates };
}
