import { pluginRegistry, type AnyPlugin, type Lineage, type Recipe } from '@redqueen/core';
import { gated } from './gated.ts';
import { ungated } from './ungated.ts';

/** The lineages that a recipe may name. */
export const lineages = pluginRegistry('lineage', [gated, ungated]);

/** The lineage that a recipe asks for; `plugins` are those of its packages. Throws `invalid_argument` naming the recipe's key. */
export function lineageOf({ lineage }: Recipe, plugins: readonly AnyPlugin[] = []): Lineage {
  return lineages.with(plugins).create(lineage, {}, 'lineage');
}
