import { RedQueenError } from '@redqueen/core';
import { existsSync, readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** An installed package. */
export interface LocatedPackage {
  /** Its name, as its package.json says. */
  readonly name: string;
  /** The file that an import of the package loads. */
  readonly entry: string;
}

type Exports = string | { readonly [key: string]: Exports } | undefined;

function manifestOf(wanted: string, workingFolder: string): string {
  if (/^\.{1,2}(\/|$)/.test(wanted) || isAbsolute(wanted)) {
    const file = join(resolve(workingFolder, wanted), 'package.json');
    if (existsSync(file)) return file;
    throw new RedQueenError(
      'invalid_argument',
      `plugins: the folder ${dirname(file)} has no package.json; name a package or a package's folder`,
    );
  }
  const file = findPackage(wanted, workingFolder);
  if (file) return file;
  throw new RedQueenError(
    'invalid_argument',
    `plugins: the package ${wanted} is not installed in ${workingFolder}; install it there: npm install ${wanted}`,
  );
}

function findPackage(name: string, workingFolder: string): string | undefined {
  try {
    return findPackageJSON(name, pathToFileURL(join(workingFolder, 'package.json')));
  } catch {
    return undefined;
  }
}

/** What an entry such as "." stands for under the conditions of an ES module's import. */
function entryOf(exports: Exports, subpath: string): string | undefined {
  if (exports === undefined || typeof exports === 'string') return subpath === '.' ? exports : undefined;
  if (Object.keys(exports).some((key) => key.startsWith('.'))) return conditional(exports[subpath]);
  return subpath === '.' ? conditional(exports) : undefined;
}

function conditional(exports: Exports): string | undefined {
  if (exports === undefined || typeof exports === 'string') return exports;
  for (const condition of Object.keys(exports)) {
    if (!['import', 'node', 'module-sync', 'default'].includes(condition)) continue;
    const entry = conditional(exports[condition]);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

/**
 * A package by its name, as if it were imported by a module in the working folder, or by its folder (a path that is absolute or begins with a dot).
 * `subpath` is the entry of its `exports`, e.g. "./truth". Throws `invalid_argument` with what to do where there is none.
 */
export function locatePackage(wanted: string, workingFolder: string, subpath = '.'): LocatedPackage {
  const file = manifestOf(wanted, workingFolder);
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as { readonly name?: string; readonly main?: string; readonly exports?: Exports };
  if (!manifest.name) throw new RedQueenError('invalid_argument', `plugins: ${file} has no "name"; plug-ins are known as <name>/<plug-in>`);
  const main = subpath === '.' ? (manifest.main ?? 'index.js') : undefined;
  const entry = manifest.exports === undefined ? main : entryOf(manifest.exports, subpath);
  if (entry === undefined)
    throw new RedQueenError('invalid_argument', `plugins: ${file} exports nothing to import; give "exports" an entry "${subpath}"`);
  return { name: manifest.name, entry: join(dirname(file), entry) };
}
