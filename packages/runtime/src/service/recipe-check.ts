import { faultsOfChoices, RedQueenError, resolveRecipe, type Recipe, type RunRecord } from '@redqueen/core';
import { loadPlugins } from '../plugins/load.ts';
import type { Client } from '../rpc/client.ts';
import type { ServiceName } from '../rpc/definitions.ts';
import type { Handlers } from '../rpc/handlers.ts';
import type { ServiceContext, ServiceParts } from './types.ts';

/** A run of the recipe, as it would be attached. */
function runOf(recipe: Recipe): RunRecord {
  return { run: 'check', recipe, seed: recipe.seed, updates: recipe.updates, status: 'running', startedAt: 0 };
}

/** What a service with these parts finds wrong with a recipe, the plug-ins of the recipe's packages included: a line a fault. */
export async function faultsOfRecipe(
  recipe: Recipe,
  { plugins = [], check, prepare }: Pick<ServiceParts, 'plugins' | 'check' | 'prepare'>,
): Promise<readonly string[]> {
  try {
    const more = await loadPlugins(recipe.plugins);
    const faults = faultsOfChoices(recipe, plugins, more);
    if (faults.length > 0) return faults;
    await prepare?.(recipe);
    check?.(runOf(recipe), more);
    return faults;
  } catch (error) {
    return [RedQueenError.from(error).message];
  }
}

/** The plug-in side of every service. */
export function pluginHandlers(parts: ServiceParts): Handlers<'PluginService'> {
  return {
    CheckRecipe: async ({ recipeJson }) => ({ faults: [...(await faultsOfRecipe(resolveRecipe(JSON.parse(recipeJson)), parts))] }),
  };
}

/** Asks services whether they could work on a recipe. */
export function recipeCheck(plugins: (service: ServiceName) => Client<'PluginService'>): ServiceContext['checkRecipe'] {
  return async (service, recipe) => (await plugins(service).CheckRecipe({ recipeJson: JSON.stringify(recipe) })).faults;
}
