import { definePlugin, pluginRegistry, type Environment, type PluginOf } from '@redqueen/core';
import { arithmetic } from './arithmetic/environment.ts';
import { grid } from './grid/environment.ts';
import { strings } from './strings/environment.ts';

/** An environment as a plug-in; which families and levels take part is the recipe's choice beside `use`. */
function environmentPlugin(environment: Environment, about: string): PluginOf<'environment'> {
  return definePlugin({
    kind: 'environment',
    name: environment.name,
    source: 'ours; procedurally generated, with an exact checker',
    about,
    create: () => environment,
  });
}

/** The environments that a recipe may name. */
export const environmentPlugins = pluginRegistry('environment', [
  environmentPlugin(arithmetic, 'Sums, differences, chains of both and products of whole numbers.'),
  environmentPlugin(strings, 'Letters to reverse, to sort and to count.'),
  environmentPlugin(grid, 'Rooms with walls, keys and doors to find a way through.'),
]);
