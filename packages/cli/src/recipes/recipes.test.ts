import { recipeJsonSchema, type AnyPlugin } from '@redqueen/core';
import { loadConfig, projectFolder } from '@redqueen/runtime';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { ClaimRecord } from '../claim/record.ts';
import { knownPlugins } from '../launch/known-plugins.ts';
import { checkRecipe } from './check.ts';
import { differences } from './differences.ts';
import { allRecipes, armRecipe, namedRecipe, readRecipe } from './recipe-folder.ts';
import { recipeHash } from './recipe-hash.ts';
import { standing } from './records.ts';

const { config } = loadConfig({});
const folder = join(projectFolder, 'config/recipes');
const scratch = mkdtempSync(join(tmpdir(), 'redqueen-recipes-'));

const role = { optimizer: { learningRate: 1e-3 }, rewards: [{ use: 'outcome', weight: 1 }], credit: { use: 'group-normalised' }, batch: 4 };
const written = {
  name: 'test',
  model: 'starter',
  updates: 8,
  environments: [{ use: 'arithmetic', families: { add: [1] } }],
  curriculum: { use: 'uniform' },
  roles: { executor: role, proposer: role, verifier: role, 'world-model': role },
  claim: {
    headline: 'it learns',
    arms: [{ name: 'learns' }, { name: 'off', updates: 2, patch: { slotsPerTick: 1 } }],
    expect: [{ arm: 'learns', figure: 'executor.greedy', of: 'gain', atLeast: 0.1 }],
  },
};

let files = 0;
function fileOf(change: object): string {
  const file = join(scratch, `${++files}.yaml`);
  writeFileSync(file, stringify({ ...written, ...change }));
  return file;
}

const faults = async (change: object, plugins?: readonly AnyPlugin[]) =>
  (await checkRecipe(fileOf(change), config, plugins ?? (await knownPlugins()))).join('\n');

describe('recipe check', () => {
  test('the recipes that come with Red Queen fit', async () => {
    const plugins = await knownPlugins();
    for (const { file } of allRecipes(folder)) expect(await checkRecipe(file, config, plugins), file).toEqual([]);
  });

  test('names the key and what to do', async () => {
    expect(await faults({})).toBe('');
    expect(await faults({ modle: 'starter' })).toMatch(/modle: unknown key; known here: name, /);
    expect(await faults({ model: 'starster' })).toMatch(/model: .*"starster".*known: .*starter/);
    expect(await faults({ curriculum: { use: 'unifrom' } })).toMatch(/curriculum: there is no curriculum "unifrom"; known: .*uniform/);
    expect(await faults({ curriculum: { use: 'fixed-window', options: { windows: 3 } } })).toMatch(
      /curriculum: .*windows: unknown key; known here: window/,
    );
    const away = { plugins: ['no-such-package'], curriculum: { use: 'no-such-package/x' } };
    expect(await faults(away)).toMatch(/^plugins: .*no-such-package[^\n]*$/);
    expect(await faults({ groundTruth: 'none' })).toMatch(/verifiers\[0\]: .*groundTruth is none/);
  });

  test('looks at every arm, and does not repeat what is wrong with the recipe itself', async () => {
    const arms = [{ name: 'learns' }, { name: 'off', patch: { curriculum: { use: 'nowhere' } } }];
    expect(await faults({ claim: { ...written.claim, arms } })).toMatch(/^arm off: curriculum: there is no curriculum "nowhere"[^\n]*$/);
    const everywhere = await faults({ curriculum: { use: 'nowhere' } });
    expect(everywhere.match(/nowhere/g)).toHaveLength(1);
  });

  test('a claim can be shown: its arms exist and it has an effect', async () => {
    expect(await faults({ claim: { ...written.claim, expect: [] } })).toMatch(/claim: .*add `effect`/);
    const effect = { figure: 'executor.greedy', arm: 'learns', against: 'of', direction: 'up' };
    expect(await faults({ claim: { ...written.claim, effect } })).toMatch(
      /claim\.effect\.against: there is no arm "of"; the claim has learns, off/,
    );
    const equal = { ...effect, against: 'off', direction: 'equal' };
    expect(await faults({ claim: { ...written.claim, effect: equal } })).toMatch(/claim\.effect\.margin: /);
    expect(await faults({ claim: { ...written.claim, effect: { ...effect, against: 'learns' } } })).toMatch(
      /claim\.effect\.against: .*itself/,
    );
    const unbounded = { arm: 'learns', figure: 'executor.greedy', of: 'gain' };
    expect(await faults({ claim: { ...written.claim, expect: [unbounded] } })).toMatch(/claim\.expect\[0\]: .*atLeast or atMost/);
  });
});

describe('recipes as data', () => {
  test('an arm is the recipe with its patch', () => {
    const file = fileOf({});
    expect(armRecipe(readRecipe(file, folder), 'off')).toMatchObject({ slotsPerTick: 1, updates: 2 });
    expect(namedRecipe(`${file}@off`, folder).slotsPerTick).toBe(1);
    expect(() => namedRecipe(`${file}@on`, folder)).toThrow(/no arm "on"; its arms are: learns, off/);
  });

  test('differences name keys, also those that only one has', () => {
    expect(differences({ a: 1, b: { c: [1, 2] }, d: {} }, { a: 1, b: { c: [1, 3] }, d: { e: 'x' } })).toEqual([
      { key: 'b.c.1', before: 2, after: 3 },
      { key: 'd.e', before: undefined, after: 'x' },
    ]);
    expect(differences(namedRecipe('default', folder), namedRecipe('default', folder))).toEqual([]);
  });

  test('the version of a recipe is what is measured, not how it is written down', () => {
    const text = stringify(written);
    expect(recipeHash(text)).toMatch(/^[0-9a-f]{16}$/);
    expect(
      recipeHash(`# a comment\n${stringify({ description: 'other', ...Object.fromEntries(Object.entries(written).reverse()) })}`),
    ).toBe(recipeHash(text));
    expect(recipeHash(stringify({ ...written, claim: { ...written.claim, headline: 'other words' } }))).toBe(recipeHash(text));
    expect(recipeHash(stringify({ ...written, updates: 9 }))).not.toBe(recipeHash(text));
    expect(recipeHash(stringify({ ...written, claim: { ...written.claim, seeds: 3 } }))).not.toBe(recipeHash(text));
  });

  test('standing: what was recorded, and whether it is about the recipe as it is', () => {
    const record = { recipe: 'v1', verdict: 'works', date: '2026-01-02' } as ClaimRecord;
    expect(standing(undefined, 'v1', true)).toBe('not run');
    expect(standing(record, 'v1', true)).toBe('works');
    expect(standing(record, 'v2', true)).toBe('not run since it was changed (2026-01-02: works)');
    expect(standing({ ...record, changed: { seeds: 1 } }, 'v1', true)).toBe('works (in part: seeds)');
    expect(standing(undefined, 'v1', false)).toBe('makes no claim');
  });

  test('the JSON Schema refuses what the recipe refuses: unknown keys, and wants what has no default', () => {
    const schema = recipeJsonSchema() as {
      required: string[];
      additionalProperties: boolean;
      properties: Record<string, { default?: unknown }>;
    };
    expect(schema.required).toEqual(['name', 'model', 'updates', 'environments', 'curriculum', 'roles']);
    expect(schema.additionalProperties).toBe(false);
    expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(Object.keys(readRecipe('default', folder).recipe)));
    expect(readFileSync(join(folder, 'default.yaml'), 'utf8')).toContain('name: default');
  });
});
