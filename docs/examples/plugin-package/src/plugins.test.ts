import { pluginRegistry, type AnyPlugin, type RunRecord } from '@redqueen/core';
import { curriculumConformance, rewardTermConformance } from '@redqueen/core/conformance';
import { faultsOfRecipe, loadPlugins, loadRecipe } from '@redqueen/runtime';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createCurriculumActor, runPlan } from '../../../../services/curriculum/src/actor.ts';
import { plugins as curricula } from '../../../../services/curriculum/src/plugins.ts';
import { control, release, settlement } from '../../../../services/curriculum/src/test-support.ts';
import { plugins as rewards } from '../../../../services/reward-aggregator/src/plugins.ts';
import { rulesOf } from '../../../../services/reward-aggregator/src/rules.ts';
import { leastVisited } from './least-visited.ts';
import { relativeLength, relativeLengthOf } from './relative-length.ts';

const folder = join(import.meta.dirname, '..');
const recipe = loadRecipe(join(folder, 'recipe.yaml'), folder);
const record: RunRecord = { run: 'run', recipe, seed: 7, updates: recipe.updates, status: 'running', startedAt: 0 };

describe('relative length', () => {
  test('by hand: lengths 2, 4 and 6', () => {
    const lengths = [2, 4, 6];
    expect(lengths.map((length) => relativeLengthOf(length, lengths, true))).toEqual([0.5, 0, -0.5]);
    expect(lengths.map((length) => relativeLengthOf(length, lengths, false))).toEqual([0, 0, -0.5]);
    expect(relativeLengthOf(3, [3, 3], true)).toBe(0);
  });

  for (const { promise, check } of rewardTermConformance(relativeLength)) test(promise, check);
});

describe('least visited', () => {
  test('by hand: 0 and 3 episodes are 2 to 1', () => {
    const arms = [1, 2].map((level) => ({ environment: 'arithmetic', family: 'add', level }));
    const curriculum = pluginRegistry('curriculum', [leastVisited]).create({ use: 'least-visited' }, { arms });
    let memory = curriculum.initial();
    for (let episode = 0; episode < 3; episode++) memory = curriculum.settled(memory, 1, { attempts: 8, solved: 4 });
    expect(curriculum.probabilities(memory)[0]).toBeCloseTo(2 / 3, 12);
  });

  for (const { promise, check } of curriculumConformance(leastVisited)) test(promise, check);
});

describe('the recipe', () => {
  const load = (): Promise<readonly AnyPlugin[]> => loadPlugins(recipe.plugins);

  test('fits the services that use the plug-ins', async () => {
    expect(await faultsOfRecipe(recipe, { plugins: [...curricula, ...rewards] })).toEqual([]);
    const unknown = { ...recipe, curriculum: { use: 'redqueen-plugin-example/nonesuch', options: {} } };
    expect(await faultsOfRecipe(unknown, { plugins: curricula })).toEqual([expect.stringMatching(/^curriculum: there is no curriculum/)]);
    const mistyped = { ...recipe, curriculum: { ...recipe.curriculum, options: { powr: 1 } } };
    expect(await faultsOfRecipe(mistyped, { plugins: curricula })).toEqual([expect.stringMatching(/powr: unknown key; known here: power/)]);
  });

  test('the reward aggregator pays what it says', async () => {
    const { terms } = rulesOf(record, await load()).roles.executor;
    expect(terms.map(({ term, weight }) => [term.name, weight])).toEqual([
      ['outcome', 1],
      ['relative-length', 0.1],
    ]);
  });

  test('the curriculum’s actor opens slots where the fewest episodes were settled', async () => {
    const actor = createCurriculumActor(runPlan(record, await load()));
    let state = actor.initial();
    for (const message of [control('start'), release(0), ...Array.from({ length: 40 }, (_, index) => settlement(`0.0.${index}`))]) {
      state = (await actor.receive(state, message, undefined as never)).state;
    }
    const [visited, ...others] = state.memory as number[];
    expect(visited).toBe(40);
    expect(others.every((count) => count === 0)).toBe(true);
  });
});
