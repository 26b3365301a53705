import { mergePatch } from './merge-patch.ts';
import { recipeSchema, type Recipe } from './recipe.ts';
import { parseWith } from './schema-errors.ts';

/**
 * A recipe as read from YAML with every default filled in and, in order, the patches (arms of a claim, flags) merged into it.
 * Pure: reading files is somebody else's job. Throws `invalid_argument` naming each faulty key.
 */
export function resolveRecipe(parsed: unknown, ...patches: readonly unknown[]): Recipe {
  return parseWith(recipeSchema, patches.reduce(mergePatch, parsed), 'recipe');
}
