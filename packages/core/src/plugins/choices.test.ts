import { expect, test } from 'vitest';
import { contextManagers } from '../contexts/index.ts';
import { memoryStores } from '../memories/index.ts';
import { resolveRecipe } from '../resolve-recipe.ts';
import { faultsOfChoices, pluginChoices } from './index.ts';

const role = { optimizer: { learningRate: 1e-3 }, rewards: [{ use: 'outcome', weight: 1 }], credit: { use: 'mean-only' }, batch: 4 };
const recipe = (patch: object = {}) =>
  resolveRecipe(
    {
      name: 'test',
      model: 'starter',
      updates: 1,
      environments: [{ use: 'arithmetic', families: { add: [1] } }],
      curriculum: { use: 'uniform' },
      roles: { executor: role, proposer: role, verifier: role, 'world-model': role },
    },
    patch,
  );
const own = [...contextManagers.plugins, ...memoryStores.plugins];

test('every interface has a key in a recipe', () => {
  const choices = pluginChoices(recipe({ memory: { replay: { use: 'replay' } }, monitors: [{ use: 'entropy' }] }));
  expect(new Set(choices.map(({ kind }) => kind)).size).toBe(12);
  expect(choices.map(({ key }) => key)).toContain('roles.world-model.credit[0]');
});

test('unknown names and options are named with their key; other kinds are left alone', () => {
  const faults = faultsOfChoices(
    recipe({ context: { use: 'nonesuch' }, memory: { old: { use: 'replay', options: { size: 3 } } }, curriculum: { use: 'whatever' } }),
    own,
  );
  expect(faults).toEqual([
    'context: there is no context manager "nonesuch"; known: linear, recall',
    'memory.old: options of replay: size: unknown key; known here: capacity, rate',
  ]);
  expect(faultsOfChoices(recipe(), own)).toEqual([]);
});
