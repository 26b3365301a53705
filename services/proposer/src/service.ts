import type { ProposeRequest, ProposeResponseInput } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';
import { createActorPolicyClient, createPolicyClient, specOf, type CreateService, type PolicyClient } from '@redqueen/runtime';
import { createProposerActor } from './actor.ts';
import { plugins } from './plugins.ts';
import { proposalTokens, taskSources } from './sources/index.ts';

async function propose(request: ProposeRequest, policy: PolicyClient, signal: AbortSignal): Promise<ProposeResponseInput> {
  const { count, ...slot } = request;
  if (count < 1 || count > 64) throw new RedQueenError('invalid_argument', `count: ${count} must be 1 to 64`);
  const maxTokens = proposalTokens([{ use: slot.environment, families: { [slot.family]: [slot.level] } }]);
  const source = taskSources.create({ use: 'proposer' }, { policy, maxTokens });
  const drafts = await source.propose({ ...slot, proposals: count }, signal);
  return {
    proposals: drafts.map(({ task, rejection, proposal }) => ({
      text: proposal?.samples[0]?.text ?? '',
      spec: task ? specOf(task, 'proposer') : null,
      rejected: rejection ?? '',
    })),
    policy: drafts[0]?.proposal?.policy ?? null,
  };
}

/** The proposer service: invents tasks for the slots of runs, and for anyone who asks. */
export const createProposer: CreateService = async ({ clock, connect }) => {
  const policy = createPolicyClient(connect('policy'), clock);
  const actorPolicy = createActorPolicyClient(connect('policy'), clock);
  return {
    rpc: { ProposerService: { Propose: (request, call) => propose(request, policy, call.signal) } },
    actors: (record, more) => [createProposerActor(record, actorPolicy, more)],
    plugins,
    check: (record, more) => void createProposerActor(record, actorPolicy, more),
    dependencies: ['policy'],
  };
};
