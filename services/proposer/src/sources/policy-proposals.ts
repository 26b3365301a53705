import type { Sample } from '@redqueen/contract';
import { definePlugin, RedQueenError, type Draft, type PolicyClient, type SlotRequest, type TaskSource } from '@redqueen/core';
import { armsOf, environmentByName, proposerPrompt, readProposal, requireFamily, type Selection } from '@redqueen/environments';
import { agents } from '@redqueen/runtime';
import { z } from 'zod';

/** Tokens that the longest task of the selected families takes, stop token included (a token is a byte at most). */
export function proposalTokens(selection: Selection): number {
  const sizes = armsOf(selection).map(({ environment, family }) => requireFamily(environmentByName(environment), family).maxCanonical);
  return 1 + Math.max(...sizes);
}

function read(sample: Sample, slot: SlotRequest): Draft {
  if (sample.failure === 'FAILURE_CLASS_TRUNCATED') return { rejection: 'truncated' };
  const proposal = readProposal(sample.text, slot);
  return proposal.valid ? { task: proposal.task } : { rejection: proposal.reason };
}

function createPolicyProposals(policy: PolicyClient, maxTokens: number): TaskSource {
  return {
    name: 'proposer',
    async propose(slot, signal) {
      const text = proposerPrompt(slot.environment, slot.family, slot.level);
      const prompts = [{ text, samples: slot.proposals, seed: slot.seed }];
      const [group] = await policy.generate({ run: slot.run, agent: agents.proposer, prompts, maxTokens, temperature: 1 }, signal);
      if (group?.samples.length !== slot.proposals) {
        throw new RedQueenError('data_loss', `slot ${text}: ${group?.samples.length ?? 0} of ${slot.proposals} proposals were answered`);
      }
      return group.samples.map((sample) => ({ ...read(sample, slot), proposal: { ...group, samples: [sample] } }));
    },
  };
}

/** Tasks that the proposer's released policy invents for the slot's family and level, sampled at temperature 1 in one go. */
export const policyProposals = definePlugin({
  kind: 'task-source',
  name: 'proposer',
  source: 'self-play with proposed tasks: Sukhbaatar et al. 2017; for language models Zhao et al. 2025 (Absolute Zero)',
  about: 'Lets the proposer’s policy invent tasks.',
  options: z.strictObject({}),
  create: (_options, { policy, maxTokens }) => createPolicyProposals(policy, maxTokens),
});
