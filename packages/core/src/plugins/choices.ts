import { RedQueenError } from '../errors.ts';
import type { Recipe } from '../recipe.ts';
import { registryOf } from '../registry.ts';
import { parseWith } from '../schema-errors.ts';
import type { PluginKind } from './kinds.ts';
import type { AnyPlugin } from './plugin.ts';

/** A plug-in that a recipe names, and under which key. */
export interface RecipeChoice {
  /** E.g. "roles.executor.credit[0]". */
  readonly key: string;
  readonly kind: PluginKind;
  readonly use: string;
  readonly options: Readonly<Record<string, unknown>>;
}

type Choice = Omit<RecipeChoice, 'key' | 'kind'>;

function several(key: string, kind: PluginKind, choices: readonly Choice[]): RecipeChoice[] {
  return choices.map(({ use, options }, index) => ({ key: `${key}[${index}]`, kind, use, options }));
}

function roleChoices(name: string, role: Recipe['roles']['executor']): RecipeChoice[] {
  const key = `roles.${name}`;
  const { use, options } = role.optimizer;
  return [
    { key: `${key}.optimizer`, kind: 'policy-optimizer', use, options },
    ...several(`${key}.rewards`, 'reward-term', role.rewards),
    ...several(`${key}.credit`, 'credit-assigner', role.credit),
  ];
}

/** Every plug-in that a recipe names, in the recipe's order. */
export function pluginChoices(recipe: Recipe): readonly RecipeChoice[] {
  const one = (key: string, kind: PluginKind, { use, options }: Choice): RecipeChoice => ({ key, kind, use, options });
  return [
    ...several(
      'environments',
      'environment',
      recipe.environments.map(({ use }) => ({ use, options: {} })),
    ),
    one('source', 'task-source', recipe.source),
    one('curriculum', 'curriculum', recipe.curriculum),
    one('driver', 'rollout-driver', recipe.driver),
    one('context', 'context-manager', recipe.context),
    ...Object.entries(recipe.memory).map(([name, choice]) => one(`memory.${name}`, 'memory-store', choice)),
    ...several('verifiers', 'verifier', recipe.verifiers),
    one('lineage', 'lineage', recipe.lineage),
    ...Object.entries(recipe.roles).flatMap(([name, role]) => roleChoices(name, role)),
    ...several('monitors', 'monitor', recipe.monitors),
  ];
}

function faultOf({ key, use, options }: RecipeChoice, what: string, plugins: readonly AnyPlugin[]): string[] {
  try {
    const plugin = registryOf(what, plugins).get(use);
    parseWith(plugin.options, options, `options of ${use}`);
    return [];
  } catch (error) {
    return [`${key}: ${RedQueenError.from(error).message}`];
  }
}

/**
 * What is wrong with a recipe's choices: a line for each unknown name and for each option that does not fit, naming the recipe's key.
 * `own` are the plug-ins of who asks, `more` those of the recipe's packages. Kinds of which `own` has none are left to whoever has them.
 */
export function faultsOfChoices(recipe: Recipe, own: readonly AnyPlugin[], more: readonly AnyPlugin[] = []): readonly string[] {
  const kinds = new Set(own.map(({ kind }) => kind));
  const known = Map.groupBy([...own, ...more], ({ kind }) => kind);
  return pluginChoices(recipe)
    .filter(({ kind }) => kinds.has(kind))
    .flatMap((choice) => faultOf(choice, choice.kind.replaceAll('-', ' '), known.get(choice.kind) ?? []));
}
