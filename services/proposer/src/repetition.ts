import { parseWith, repetitionOptions, type Recipe } from '@redqueen/core';
import type { RecentProposals } from './recent-proposals.ts';

/** What the repetition term says of a proposal, and why. */
export interface Repetition {
  /** In [0, 1]. */
  readonly value: number;
  readonly evidence: string;
}

/** Measures the repetition of a slot's valid proposals, in order, and remembers them. */
export type MeasureRepetition = (slot: string, canonicals: readonly string[]) => readonly Repetition[];

/** min(1, copies / 2), in [0, 1]: two copies of a proposal elsewhere cost all of it. */
function copiesCost(copies: number): number {
  return Math.min(1, copies / 2);
}

/** How the recipe's repetition term counts, over what this process remembers; by copies where the recipe pays no such term. */
export function measureRepetition(recipe: Recipe, recent: RecentProposals): MeasureRepetition {
  const options = recipe.roles.proposer.rewards.find(({ use }) => use === 'repetition')?.options ?? {};
  const { by, ...clusters } = parseWith(repetitionOptions, options, 'options of repetition');
  if (by === 'copies') {
    return (slot, canonicals) =>
      recent.countCopies(slot, canonicals).map((copies) => ({ value: copiesCost(copies), evidence: `${copies} copies` }));
  }
  return (slot, canonicals) =>
    recent
      .clusterShares(slot, canonicals, clusters)
      .map((share) => ({ value: share, evidence: `${(100 * share).toFixed(0)} % of the newest proposals are like it` }));
}
