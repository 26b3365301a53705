import { resolveRecipe, type RunRecord } from '@redqueen/core';

const role = (reward: string, credit: string, batch: number) => ({
  optimizer: { use: 'grpo', learningRate: 0.01 },
  rewards: [{ use: reward, weight: 1 }],
  credit: { use: credit },
  batch,
  updatesPerVersion: 1,
});

/** A run of a few seconds: three updates of two tasks each. */
function small(name: string, patch: object): RunRecord {
  const recipe = resolveRecipe(
    {
      name,
      model: 'starter',
      updates: 3,
      // Longer than any service is away.
      episodeTimeoutSeconds: 600,
      slotsPerTick: 2,
      proposalsPerSlot: 2,
      attemptsPerTask: 4,
      predictionsPerTransition: 2,
      transitionsPerTask: 1,
      environments: [
        { use: 'arithmetic', families: { add: [1, 2] } },
        { use: 'grid', families: { maze: [2] } },
      ],
      curriculum: { use: 'uniform' },
      lineage: { use: 'ungated' },
      roles: {
        executor: role('outcome', 'group-normalised', 2),
        proposer: role('validity', 'group-mean-batch-deviation', 4),
        verifier: role('brier', 'expected-pairwise', 2),
        'world-model': role('field-accuracy', 'group-normalised', 2),
      },
      gate: { perArm: 1 },
    },
    patch,
  );
  return { run: 'run', recipe, seed: 7, updates: 3, status: 'running', startedAt: 0 };
}

/** The runs that schedules choose from. */
export const records: readonly RunRecord[] = [
  small('ungated', {}),
  small('gated', { lineage: { use: 'gated' } }),
  small('stale', { maxStaleness: 0, roles: { executor: { updatesPerVersion: 2 } } }),
];

/** Places of the records as often as they are to be chosen: the one with a gate costs twice as much as the others. */
export const recordWeights: readonly number[] = [0, 0, 0, 2, 2, 2, 1, 1];
