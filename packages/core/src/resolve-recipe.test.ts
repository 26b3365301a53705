import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { mergePatch } from './merge-patch.ts';
import { resolveRecipe } from './resolve-recipe.ts';
import { decodeRunRecord, encodeRunRecord } from './run.ts';

const shipped: unknown = parse(readFileSync(new URL('../../../config/recipes/default.yaml', import.meta.url), 'utf8'));

test('the shipped default recipe resolves, defaults filled in', () => {
  const recipe = resolveRecipe(shipped);
  expect(recipe.roles.executor.optimizer.beta2).toBe(0.99);
  expect(recipe.roles.executor.adapter).toEqual({ rank: 16, alpha: 32 });
  expect(recipe.lineage.use).toBe('gated');
  expect(resolveRecipe(JSON.parse(JSON.stringify(recipe)))).toEqual(recipe);
});

test('patches apply in order', () => {
  const recipe = resolveRecipe(shipped, { seed: 5, rewardControl: 'shuffled' }, { seed: 6 });
  expect([recipe.seed, recipe.rewardControl]).toEqual([6, 'shuffled']);
});

test('a fault names its key, an unknown key those that are known', () => {
  expect(() => resolveRecipe(shipped, { roles: { executor: { bacth: 3 } } })).toThrow(
    /roles\.executor\.bacth: unknown key; known here: trains, .*batch/,
  );
  expect(() => resolveRecipe(shipped, { sead: 3 })).toThrow(/^recipe: sead: unknown key; known here: name/);
  expect(() => resolveRecipe(shipped, { environments: [{ use: 'grid', families: { maze: [0] } }] })).toThrow(
    /environments\[0\]\.families\.maze\[0\]/,
  );
  expect(() => resolveRecipe(shipped, { environments: [{ use: 'grid', families: {}, size: 3 }] })).toThrow(
    /environments\[0\]\.size: unknown key; known here: use, families/,
  );
  expect(() => resolveRecipe(undefined)).toThrow(/^recipe: /);
});

test('merge patch: the examples of RFC 7396, appendix A', () => {
  const cases: readonly (readonly [unknown, unknown, unknown])[] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [target, patch, result] of cases) expect(mergePatch(target, patch)).toEqual(result);
});

test('a patch applied twice changes nothing more', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (target, patch) => {
      const once = mergePatch(target, patch);
      expect(mergePatch(once, patch)).toEqual(once);
    }),
  );
});

test('a run record survives its text form; a broken one is refused', () => {
  const record = { run: 'r1', recipe: resolveRecipe(shipped), seed: 1, updates: 5, status: 'running' as const, startedAt: 12 };
  expect(decodeRunRecord(encodeRunRecord(record))).toEqual(record);
  expect(() => decodeRunRecord('{')).toThrow(/^run record: /);
  expect(() => decodeRunRecord(JSON.stringify({ ...record, status: 'odd' }))).toThrow(/status/);
});
