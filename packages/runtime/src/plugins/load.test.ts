import { describe, expect, test } from 'vitest';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadPlugins } from './load.ts';

/** A package of the folder with these files. */
function packageIn(folder: string, manifest: object, source: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', ...manifest }));
  writeFileSync(join(folder, 'main.js'), source);
  return folder;
}

function inFolder(work: (folder: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'plugins-'));
    try {
      await work(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
}

const plugin = `{ kind: 'lineage', name: 'any', source: 'a test', about: 'Does nothing.', options: { safeParse: () => ({ success: true }) },
  create: () => ({ name: 'any' }) }`;

describe('plug-ins of packages', () => {
  test(
    'an installed package by its name, under any of the usual forms of exports',
    inFolder(async (folder) => {
      const forms = ['./main.js', { '.': './main.js' }, { import: './main.js' }, { '.': { types: './none.d.ts', default: './main.js' } }];
      for (const [index, exports] of forms.entries()) {
        const name = index % 2 === 0 ? `some-${index}` : `@scope/some-${index}`;
        packageIn(join(folder, 'node_modules', name), { name, exports }, `export const plugins = [${plugin}];`);
        const [loaded] = await loadPlugins([name], folder);
        expect(loaded).toMatchObject({ kind: 'lineage', name: `${name}/any` });
        expect(loaded?.create({}, {} as never)).toEqual({ name: 'any' });
      }
    }),
  );

  test(
    'a folder, and a default export',
    inFolder(async (folder) => {
      packageIn(join(folder, 'here'), { name: 'there', main: 'main.js' }, `export default [${plugin}];`);
      expect((await loadPlugins(['./here'], folder)).map(({ name }) => name)).toEqual(['there/any']);
    }),
  );

  test(
    'what is wrong is said with the package and what to do',
    inFolder(async (folder) => {
      const make = (name: string, source: string, manifest: object = { exports: './main.js' }) =>
        packageIn(join(folder, 'node_modules', name), { name, ...manifest }, source);
      make('empty', 'export const other = 1;');
      make('odd', `export const plugins = [{ ...${plugin}, kind: 'vibes' }];`);
      make('throwing', `throw new Error('cannot');`);
      make('closed', '', { exports: { './sub': './main.js' } });
      const errors: [string, RegExp][] = [
        ['nowhere', /plugins: the package nowhere is not installed in .*; install it there: npm install nowhere/],
        ['./nowhere', /plugins: the folder .*nowhere has no package\.json/],
        ['empty', /package empty exports no list of plug-ins; let it export const plugins/],
        ['odd', /package odd exports what is no plug-in: plugins\[0\]: kind: "vibes" is none of environment/],
        ['throwing', /package throwing cannot be loaded: cannot/],
        ['closed', /exports nothing to import; give "exports" an entry "\."/],
      ];
      for (const [wanted, message] of errors) await expect(loadPlugins([wanted], folder)).rejects.toThrow(message);
    }),
  );
});
