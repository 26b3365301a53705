import { pluginRegistry, type RewardTerm } from '@redqueen/core';
import { azrLearnabilityTerm } from './azr-learnability.ts';
import { azrOutcomeTerm } from './azr-outcome.ts';
import { brier } from './brier.ts';
import { fieldAccuracy } from './field-accuracy.ts';
import { format } from './format.ts';
import { interaction } from './interaction.ts';
import { learnability } from './learnability.ts';
import { maeProposerTerm } from './mae-proposer.ts';
import { outcome } from './outcome.ts';
import { overlong } from './overlong.ts';
import { repetition } from './repetition.ts';
import { staged } from './staged.ts';
import { toolOutcomeTerm } from './tool-outcome.ts';
import { toolUse } from './tool-use.ts';
import { uncertainty } from './uncertainty.ts';
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
  format,
  staged,
  azrOutcomeTerm,
  uncertainty,
  toolUse,
  overlong,
  toolOutcomeTerm,
  azrLearnabilityTerm,
  maeProposerTerm,
]);

/** Every term, by name, as it is without options: which rewards an episode expects does not depend on what a recipe pays for them. */
export const standardTerms: ReadonlyMap<string, RewardTerm> = new Map(
  rewardTerms.plugins.map((plugin) => [plugin.name, plugin.create({}, {})]),
);
