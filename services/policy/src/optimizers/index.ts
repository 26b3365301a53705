import { registryOf } from '@redqueen/core';
import { grpo } from './grpo.ts';
import type { PolicyOptimizer } from './optimizer.ts';
import { reinforcePlusPlus } from './reinforce-plus-plus.ts';

export type { PolicyOptimizer, TrainRequest } from './optimizer.ts';

/** Policy optimizers by the name that a recipe uses. */
export const optimizers = registryOf<PolicyOptimizer>('policy optimizer', [grpo, reinforcePlusPlus]);
