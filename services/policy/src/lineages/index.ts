import type { Recipe } from '@redqueen/core';
import { gated } from './gated.ts';
import type { Lineage } from './lineage.ts';
import { ungated } from './ungated.ts';

export type { Admission, Lineage, TriedVersion, Verdict } from './lineage.ts';

/** Lineages by name. */
export const lineages: Readonly<Record<'gated' | 'ungated', Lineage>> = { gated, ungated };

/** The lineage that a recipe asks for. */
export function lineageOf(recipe: Recipe): Lineage {
  return recipe.gate.enabled ? lineages.gated : lineages.ungated;
}
