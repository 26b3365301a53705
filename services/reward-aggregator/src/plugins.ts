import type { AnyPlugin } from '@redqueen/core';
import { creditAssigners } from './credit/registry.ts';
import { rewardTerms } from './terms/registry.ts';

/** Every plug-in of the reward aggregator. */
export const plugins: readonly AnyPlugin[] = [...rewardTerms.plugins, ...creditAssigners.plugins];
