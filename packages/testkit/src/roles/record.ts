import { resolveRecipe, type RunRecord } from '@redqueen/core';

const role = (batch: number) => ({
  optimizer: { use: 'grpo', learningRate: 0.001 },
  rewards: [{ use: 'outcome', weight: 1 }],
  credit: { use: 'group-normalised' },
  batch,
});

/** A small run's record over the real environments: seven arms, four proposals a slot, eight attempts a task. `patch` is merged into the recipe. */
export function recordOf(patch: object = {}, seed = 7): RunRecord {
  const recipe = {
    name: 'test',
    model: 'starter',
    updates: 100,
    environments: [
      { use: 'arithmetic', families: { add: [1, 2, 3] } },
      { use: 'strings', families: { sort: [1, 2] } },
      { use: 'grid', families: { maze: [2, 3] } },
    ],
    curriculum: { use: 'learning-progress' },
    roles: { executor: role(16), proposer: role(8), verifier: role(8), 'world-model': role(8) },
  };
  return { run: 'run', recipe: resolveRecipe(recipe, patch), seed, updates: 100, status: 'running', startedAt: 0 };
}
