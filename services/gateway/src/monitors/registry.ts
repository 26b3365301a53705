import { pluginRegistry } from '@redqueen/core';
import { balance } from './balance.ts';
import { entropy } from './entropy.ts';
import { roles } from './roles.ts';
import { tokens } from './tokens.ts';
import { waste } from './waste.ts';

/** The monitors that a recipe may name. */
export const monitors = pluginRegistry('monitor', [balance, entropy, roles, tokens, waste]);
