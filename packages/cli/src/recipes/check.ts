import { faultsOfChoices, modelsOf, RedQueenError, type AnyPlugin, type Recipe } from '@redqueen/core';
import { loadPlugins, modelFile, type Config } from '@redqueen/runtime';
import { effectQuestion } from '../claim/effect.ts';
import { armRecipe, readRecipe, type RecipeText } from './recipe-folder.ts';

/** The message of what `work` throws, or nothing. */
async function faultOf(work: () => unknown): Promise<string[]> {
  try {
    await work();
    return [];
  } catch (error) {
    return [RedQueenError.from(error).message];
  }
}

async function faultsOfRecipe(recipe: Recipe, config: Config, plugins: readonly AnyPlugin[]): Promise<string[]> {
  const model = (await Promise.all(modelsOf(recipe).map((name) => faultOf(() => modelFile(name, config.policy.modelsFolder))))).flat();
  const more: AnyPlugin[] = [];
  const packages = await faultOf(async () => void more.push(...(await loadPlugins(recipe.plugins))));
  // What a package that is not there would have held is not said to be unknown as well.
  const held = (fault: string): boolean => packages.length > 0 && recipe.plugins.some((name) => fault.includes(`"${name}/`));
  const choices = faultsOfChoices(recipe, plugins, more).filter((fault) => !held(fault));
  return [...model.map((fault) => `model: ${fault}`), ...packages, ...choices];
}

/** An arm's own faults: what is already wrong with the recipe is not said again for each of its arms. */
async function faultsOfArms(read: RecipeText, known: readonly string[], config: Config, plugins: readonly AnyPlugin[]): Promise<string[]> {
  const arms = read.recipe.claim?.arms ?? [];
  const faults = arms.map(async ({ name }) => {
    const own: string[] = [];
    const patch = await faultOf(async () => void own.push(...(await faultsOfRecipe(armRecipe(read, name), config, plugins))));
    return [...patch, ...own.filter((fault) => !known.includes(fault)).map((fault) => `arm ${name}: ${fault}`)];
  });
  return (await Promise.all(faults)).flat();
}

/**
 * What is wrong with a recipe, a line a fault, each naming the key and what to do: YAML and schema (ground truth among them), the model's file, plug-ins and
 * their options, every arm of the claim, and a claim that states no effect. Empty where it fits. `plugins` are those that come with Red Queen.
 */
export async function checkRecipe(nameOrPath: string, config: Config, plugins: readonly AnyPlugin[]): Promise<string[]> {
  let read: RecipeText;
  try {
    read = readRecipe(nameOrPath, config.recipesFolder);
  } catch (error) {
    return [RedQueenError.from(error).message];
  }
  const own = await faultsOfRecipe(read.recipe, config, plugins);
  const { claim } = read.recipe;
  const aimless =
    claim && !effectQuestion(claim)
      ? ['claim: it states neither an effect nor an expected gain, so that it cannot be shown; add `effect`']
      : [];
  return [...own, ...aimless, ...(await faultsOfArms(read, own, config, plugins))];
}
