import { grantTruth, isExternallyRewarded, type Recipe, type TruthAccess } from '@redqueen/core';
import { checkAnswer } from '@redqueen/environments/truth';

/**
 * Ground truth for the rewards of a recipe; undefined where the recipe claims no external reward. The only place where rewards get hold of the checker:
 * the measurements in anchors/ have it in any case, and decide no reward.
 */
export function rewardTruth(recipe: Recipe): TruthAccess | undefined {
  return isExternallyRewarded(recipe) ? grantTruth(recipe, checkAnswer) : undefined;
}
