import { registryOf, type Recipe } from '@redqueen/core';
import { gated } from './gated.ts';
import type { Lineage } from './lineage.ts';
import { ungated } from './ungated.ts';

export type { Admission, Lineage, TriedVersion, Verdict } from './lineage.ts';

/** Lineages by name. */
export const lineages = registryOf<Lineage>('lineage', [gated, ungated]);

/** The lineage that a recipe asks for. */
export function lineageOf(recipe: Recipe): Lineage {
  return lineages.get(recipe.lineage.use);
}
