import { pluginRegistry } from '@redqueen/core';
import { generator } from './generator.ts';
import { policyProposals } from './policy-proposals.ts';

/** The task sources that a recipe may name. */
export const taskSources = pluginRegistry('task-source', [policyProposals, generator]);

export { drawnTask } from './generator.ts';
export { proposalTokens } from './policy-proposals.ts';
export type { Draft } from '@redqueen/core';
