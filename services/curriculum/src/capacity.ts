import type { Recipe } from '@redqueen/core';
import type { CurriculumState } from './state.ts';

/** Episodes opened that are neither settled nor void. */
export function runningEpisodes(state: CurriculumState): number {
  return state.opened - state.accepted - state.voided;
}

/** Episodes that one version of the executor consumes. */
export function episodesPerVersion(recipe: Recipe): number {
  const { batch, updatesPerVersion } = recipe.roles.executor;
  return batch * updatesPerVersion;
}

/**
 * Episodes that may still be opened: (maxStaleness + version + 1) · episodes a version − (accepted + running), never below 0.
 * AReaL's rule (Fu et al. 2025): whatever is opened now will be consumed by a version at most `maxStaleness` younger than the one that samples it,
 * and no other back-pressure is needed. A void episode counts as neither, so it makes room for another one.
 */
export function capacityOf(state: CurriculumState, recipe: Recipe): number {
  const allowed = (recipe.maxStaleness + state.version + 1) * episodesPerVersion(recipe);
  return Math.max(0, allowed - state.accepted - runningEpisodes(state));
}

/**
 * Proposals of the next slot; 0 where none may be opened. A slot smaller than the recipe's is opened only when nothing else is under way:
 * it compares fewer proposals, but waiting for room that nobody will make would stop the loop.
 */
export function nextSlotSize(state: CurriculumState, recipe: Recipe): number {
  const capacity = capacityOf(state, recipe);
  if (capacity >= recipe.proposalsPerSlot) return recipe.proposalsPerSlot;
  return runningEpisodes(state) === 0 ? capacity : 0;
}
