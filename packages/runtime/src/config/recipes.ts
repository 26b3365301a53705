import { RedQueenError, resolveRecipe, type Recipe } from '@redqueen/core';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parse } from 'yaml';

/** Names of the recipes in a folder, sorted. */
export function recipeNames(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => basename(name, '.yaml'))
    .sort();
}

function parsed(text: string, what: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new RedQueenError('invalid_argument', `${what} is no YAML: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * A recipe from its YAML text, with the patches (JSON merge patches) applied in order and every default filled in.
 * Throws `invalid_argument` naming each faulty key.
 */
export function parseRecipe(text: string, ...patches: readonly unknown[]): Recipe {
  return resolveRecipe(parsed(text, 'recipe'), ...patches);
}

/** The file of a recipe given by name or path; a path has a slash or ends in .yaml or .yml. Throws `not_found` with the known names. */
export function recipeFile(nameOrPath: string, folder: string): string {
  const isPath = /[/\\]|\.ya?ml$/.test(nameOrPath);
  const file = isPath ? resolve(nameOrPath) : join(folder, `${nameOrPath}.yaml`);
  if (existsSync(file)) return file;
  if (isPath) throw new RedQueenError('not_found', `recipe file ${file} does not exist`);
  const known = recipeNames(folder).join(', ') || 'none';
  throw new RedQueenError('not_found', `there is no recipe ${JSON.stringify(nameOrPath)} in ${folder}; known: ${known}`);
}

/** A recipe by its name in the folder or by its path. Throws `not_found`, or `invalid_argument` naming the file and each faulty key. */
export function loadRecipe(nameOrPath: string, folder: string, ...patches: readonly unknown[]): Recipe {
  const file = recipeFile(nameOrPath, folder);
  try {
    return parseRecipe(readFileSync(file, 'utf8'), ...patches);
  } catch (error) {
    const { code, message } = RedQueenError.from(error);
    throw new RedQueenError(code, `${file}: ${message}`, { cause: error });
  }
}
