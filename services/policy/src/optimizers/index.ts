import { pluginRegistry } from '@redqueen/core';
import { clone } from './clone.ts';
import { dpo } from './dpo.ts';
import { evolutionStrategies } from './evolution-strategies.ts';
import { grpo } from './grpo.ts';
import { gspo } from './gspo.ts';
import { nft } from './nft.ts';
import { orpo } from './orpo.ts';
import { policyGradient } from './policy-gradient.ts';
import { reinforcePlusPlus } from './reinforce-plus-plus.ts';

export type { TrainRequest } from './train-request.ts';

/** The policy optimizers that a recipe may name. */
export const optimizers = pluginRegistry('policy-optimizer', [
  grpo,
  reinforcePlusPlus,
  policyGradient,
  gspo,
  nft,
  clone,
  dpo,
  orpo,
  evolutionStrategies,
]);
