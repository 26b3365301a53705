import { registryOf, type Registry } from '@redqueen/core';
import type { PolicyClient } from '@redqueen/runtime';
import { createGenerator } from './generator.ts';
import { createPolicyProposals } from './policy-proposals.ts';
import type { TaskSource } from './source.ts';

/** The task sources by name. `maxTokens` is the budget of one proposal. */
export function createSources(policy: PolicyClient, maxTokens: number): Registry<TaskSource> {
  return registryOf('task source', [createPolicyProposals(policy, maxTokens), createGenerator()]);
}

export { drawnTask } from './generator.ts';
export { proposalTokens } from './policy-proposals.ts';
export type { Draft, Rejection, SlotRequest, TaskSource } from './source.ts';
