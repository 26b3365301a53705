import { RedQueenError, type Recipe } from '@redqueen/core';
import { faultsOfRecipe, serviceNames, type ServiceContext, type ServiceName } from '@redqueen/runtime';
import { plugins } from './plugins.ts';

async function faultsOf({ name, checkRecipe }: ServiceContext, service: ServiceName, recipe: Recipe): Promise<readonly string[]> {
  return service === name ? faultsOfRecipe(recipe, { plugins }) : checkRecipe(service, recipe);
}

/**
 * Asks every service whether it could work on a recipe, so that an unknown plug-in or a mistyped option is refused before anything runs.
 * Throws `invalid_argument` with a line a fault, each naming the recipe's key, and `unavailable` where a service cannot be asked.
 */
export async function requireWorkable(context: ServiceContext, recipe: Recipe): Promise<void> {
  const faults = new Set((await Promise.all(serviceNames.map((service) => faultsOf(context, service, recipe)))).flat());
  if (faults.size === 0) return;
  const lines = [...faults];
  throw new RedQueenError(
    'invalid_argument',
    lines.length === 1 ? `recipe ${recipe.name}: ${lines[0]}` : `recipe ${recipe.name}:\n  ${lines.join('\n  ')}`,
  );
}
