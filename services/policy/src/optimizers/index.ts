import { pluginRegistry } from '@redqueen/core';
import { clone } from './clone.ts';
import { grpo } from './grpo.ts';
import { nft } from './nft.ts';
import { reinforcePlusPlus } from './reinforce-plus-plus.ts';

export type { TrainRequest } from './train-request.ts';

/** The policy optimizers that a recipe may name. */
export const optimizers = pluginRegistry('policy-optimizer', [grpo, reinforcePlusPlus, nft, clone]);
