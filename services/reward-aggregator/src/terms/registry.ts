import { pluginRegistry, type RewardTerm } from '@redqueen/core';
import { brier } from './brier.ts';
import { fieldAccuracy } from './field-accuracy.ts';
import { interaction } from './interaction.ts';
import { learnability } from './learnability.ts';
import { outcome } from './outcome.ts';
import { repetition } from './repetition.ts';
import { validity } from './validity.ts';
import { verifierScore } from './verifier-score.ts';

/** The reward terms that a recipe may name. */
export const rewardTerms = pluginRegistry('reward-term', [
  outcome,
  verifierScore,
  learnability,
  validity,
  repetition,
  brier,
  fieldAccuracy,
  interaction,
]);

/** Every term, by name, as it is without options: which rewards an episode expects does not depend on what a recipe pays for them. */
export const standardTerms: ReadonlyMap<string, RewardTerm> = new Map(
  rewardTerms.plugins.map((plugin) => [plugin.name, plugin.create({}, {})]),
);
