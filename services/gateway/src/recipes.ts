import { modelsOf, RedQueenError, type Recipe } from '@redqueen/core';
import { loadRecipe, modelFile, parseRecipe, type Config } from '@redqueen/runtime';
import type { RecipeSource } from './gateway.ts';

function patchesOf(text: string): readonly unknown[] {
  if (text === '') return [];
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed : [parsed];
  } catch (error) {
    throw new RedQueenError('invalid_argument', `patch is no JSON: ${(error as Error).message}; write it like '{"updates":100}'`, {
      cause: error,
    });
  }
}

/** Resolves recipes against a configuration: unknown recipes and keys, and models that are no GGUF, are refused here, before anything runs. */
export function recipeResolver(config: Config): (source: RecipeSource) => Recipe {
  return ({ recipe, recipeYaml, patchJson }) => {
    if (recipe !== '' && recipeYaml !== '') throw new RedQueenError('invalid_argument', 'give either `recipe` or `recipe_yaml`, not both');
    const patches = patchesOf(patchJson);
    const resolved =
      recipeYaml === '' ? loadRecipe(recipe || 'default', config.recipesFolder, ...patches) : parseRecipe(recipeYaml, ...patches);
    for (const model of modelsOf(resolved)) modelFile(model, config.policy.modelsFolder);
    return resolved;
  };
}
