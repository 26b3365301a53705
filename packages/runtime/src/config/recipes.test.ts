import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { projectFolder } from './load.ts';
import { modelFile, pulledModelFile, pulledModelNames } from './models.ts';
import { loadRecipe, parseRecipe, recipeNames } from './recipes.ts';

const folder = mkdtempSync(join(tmpdir(), 'redqueen-recipes-'));
afterAll(() => rmSync(folder, { recursive: true }));
const recipes = join(projectFolder, 'config/recipes');

describe('recipes', () => {
  it('loads a recipe by name, with patches in order', () => {
    const recipe = loadRecipe('default', recipes, { updates: 7, seed: 3 }, { seed: 4 });
    expect(recipe).toMatchObject({ name: 'default', updates: 7, seed: 4 });
    expect(recipeNames(recipes)).toContain('default');
  });

  it('loads a recipe by path', () => {
    expect(loadRecipe(join(recipes, 'default.yaml'), folder).name).toBe('default');
  });

  it('lists the known names where there is none of that name', () => {
    expect(() => loadRecipe('defualt', recipes)).toThrow(/there is no recipe "defualt" in .*; known: .*default/);
    expect(() => loadRecipe('./nowhere.yaml', recipes)).toThrow(/nowhere\.yaml does not exist/);
  });

  it('names file and key of a fault', () => {
    const file = join(folder, 'faulty.yaml');
    writeFileSync(file, 'name: faulty\nmodle: x\n');
    expect(() => loadRecipe(file, recipes)).toThrow(/faulty\.yaml: recipe:[^]*modle: unknown key; known here: name, /);
    expect(() => parseRecipe('a: [')).toThrow(/recipe is no YAML/);
  });
});

describe('models', () => {
  it('finds a model by name, by file name and by path', () => {
    const file = join(folder, 'tiny.gguf');
    writeFileSync(file, 'GGUF and more');
    for (const name of ['tiny', 'tiny.gguf', file]) expect(modelFile(name, folder)).toBe(file);
  });

  it('says which models there are', () => {
    expect(() => modelFile('huge', folder)).toThrow(/model "huge" is neither in .* \(known: tiny\) nor a file/);
  });

  it('keeps the models of addresses apart, and says how to fetch one that is missing', () => {
    const files = ['hf:a/b/c.gguf', 'hf:a/b:c', 'https://a/b/c.gguf'].map((address) =>
      pulledModelFile(address, { XDG_CACHE_HOME: folder }),
    );
    expect(files[0]).toBe(join(folder, 'red-queen/models/hf~a--b--c.gguf'));
    expect(new Set(files).size).toBe(3);
    expect(() => modelFile('hf:a/b/none.gguf', folder)).toThrow('fetch it with: redqueen models pull hf:a/b/none.gguf');
  });

  it('calls pulled models by addresses that lead to them, and other files beside them by their paths', () => {
    const cache = { XDG_CACHE_HOME: join(folder, 'pulled') };
    expect(pulledModelNames(cache)).toEqual([]);
    const addresses = [
      'hf:some-one/a.model-GGUF/a-Q4_K_M.gguf',
      'hf:user/repo/folder/file.gguf',
      'hf:user/repo:Q4_K_M',
      'http://127.0.0.1:80/a.gguf',
    ];
    mkdirSync(join(folder, 'pulled/red-queen/models'), { recursive: true });
    for (const address of addresses) writeFileSync(pulledModelFile(address, cache), '');
    expect(pulledModelNames(cache)).toEqual(addresses.toSorted());
    const signed = 'https://a--b.de/c~d.gguf?token=1';
    for (const name of [signed]) writeFileSync(pulledModelFile(name, cache), '');
    const more = pulledModelNames(cache).filter((name) => !addresses.includes(name));
    expect(more.map((name) => pulledModelFile(name, cache))).toEqual([pulledModelFile(signed, cache)]);
    const own = join(folder, 'pulled/red-queen/models/own.gguf');
    writeFileSync(own, '');
    expect(pulledModelNames(cache)).toContain(own);
  });

  it('refuses a file that is no GGUF', () => {
    for (const [name, text] of [
      ['text.gguf', 'hello there'],
      ['empty.gguf', ''],
    ] as const) {
      writeFileSync(join(folder, name), text);
      expect(() => modelFile(name, folder)).toThrow(/(text|empty)\.gguf is no GGUF/);
    }
  });
});
