import { describe, expect, test } from 'vitest';
import { agentsOf, agentsOfRole } from './agents.ts';
import { resolveRecipe } from './resolve-recipe.ts';

const role = { optimizer: { learningRate: 1e-3 }, rewards: [{ use: 'outcome', weight: 1 }], credit: { use: 'group-normalised' }, batch: 4 };
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

describe('agents of a recipe', () => {
  test('one a role, unless the executor has peers', () => {
    expect(agentsOf(recipe()).map(({ agent }) => agent)).toEqual(['executor/0', 'proposer/0', 'verifier/0', 'world-model/0']);
    expect(agentsOfRole(recipe({ roles: { executor: { agents: 3 } } }), 'executor')).toEqual(['executor/0', 'executor/1', 'executor/2']);
  });

  test('other roles cannot have peers', () => {
    for (const other of ['proposer', 'verifier', 'world-model']) {
      expect(() => recipe({ roles: { [other]: { agents: 2 } } })).toThrow(`roles.${other}.agents: only executors may be several`);
    }
  });
});
