import { RedQueenError, resolveRecipe, type Recipe } from '@redqueen/core';
import { recipeFile, recipeNames } from '@redqueen/runtime';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { recipeHash } from './recipe-hash.ts';

/** A recipe as its file says it. */
export interface RecipeText {
  readonly file: string;
  readonly text: string;
  readonly recipe: Recipe;
  /** Version of the file, see `recipeHash`. */
  readonly version: string;
}

function parsed(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new RedQueenError('invalid_argument', `no YAML: ${(error as Error).message}`, { cause: error });
  }
}

/** A recipe by name in the folder or by path. Throws `not_found` with the known names, or `invalid_argument` naming the file and each faulty key. */
export function readRecipe(nameOrPath: string, folder: string): RecipeText {
  const file = recipeFile(nameOrPath, folder);
  const text = readFileSync(file, 'utf8');
  try {
    return { file, text, recipe: resolveRecipe(parsed(text)), version: recipeHash(text) };
  } catch (error) {
    const { code, message } = RedQueenError.from(error);
    throw new RedQueenError(code, `${file}: ${message}`, { cause: error });
  }
}

/** The recipe as an arm of its claim runs it. Throws `invalid_argument` for an arm that the claim does not have. */
export function armRecipe({ text, recipe }: RecipeText, name: string): Recipe {
  const arms = recipe.claim?.arms ?? [];
  const arm = arms.find((one) => one.name === name);
  if (!arm) {
    const known = arms.map((one) => one.name).join(', ') || 'none';
    throw new RedQueenError('invalid_argument', `recipe ${recipe.name} has no arm ${JSON.stringify(name)}; its arms are: ${known}`);
  }
  const updates = arm.updates === undefined ? {} : { updates: arm.updates };
  try {
    return resolveRecipe(parsed(text), arm.patch, updates);
  } catch (error) {
    const { code, message } = RedQueenError.from(error);
    throw new RedQueenError(code, `arm ${name} of ${recipe.name}: ${message}`, { cause: error });
  }
}

/** "NAME" is the recipe itself, "NAME@ARM" one arm of its claim. */
export function namedRecipe(name: string, folder: string): Recipe {
  const at = name.lastIndexOf('@');
  return at > 0 ? armRecipe(readRecipe(name.slice(0, at), folder), name.slice(at + 1)) : readRecipe(name, folder).recipe;
}

/** Every recipe of a folder, by name. */
export function allRecipes(folder: string): RecipeText[] {
  return recipeNames(folder).map((name) => readRecipe(name, folder));
}
