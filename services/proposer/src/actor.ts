import type { AnchorTask, Slot } from '@redqueen/contract';
import type { RunRecord } from '@redqueen/core';
import { addresses, agents, requireAgent, type ActorContext, type PolicyClient, type PoolActor, type Tell } from '@redqueen/runtime';
import { tryAnchors } from './anchors.ts';
import { RecentProposals } from './recent-proposals.ts';
import { createSources, proposalTokens, type Draft } from './sources/index.ts';
import { slotTells } from './tells.ts';

/** Slots in hand at once in one process. */
const concurrency = 32;

/** What a slot's `source` names: the agent, or the environment. */
const sourceNames: Readonly<Record<string, string>> = { proposer: 'policy-proposals', '': 'policy-proposals' };

/** The canonical forms of the drafts that are tasks made by a policy, with other copies of each; 0 for the others. */
function copiesOf(recent: RecentProposals, slot: string, drafts: readonly Draft[]): number[] {
  const proposed = drafts.map((draft) => (draft.proposal ? draft.task?.canonical : undefined));
  const copies = recent.countCopies(
    slot,
    proposed.filter((canonical) => canonical !== undefined),
  );
  return proposed.map((canonical) => (canonical === undefined ? 0 : (copies.shift() ?? 0)));
}

/** The proposer of a run: a slot becomes as many tasks as it asks for, proposed where a proposal is one, drawn from the environment where it is none. */
export function createProposerActor(record: RunRecord, policy: PolicyClient): PoolActor {
  const { recipe, seed } = record;
  const sources = createSources(policy, proposalTokens(recipe.environments));
  const recent = new RecentProposals();

  const onSlot = async (slot: Slot, { run, signal }: ActorContext): Promise<Tell[]> => {
    const source = sources.get(sourceNames[slot.source] ?? slot.source);
    const drafts = await source.propose({ ...slot, run }, signal);
    return slotTells({ run, seed, slot, drafts, copies: copiesOf(recent, slot.slotId, drafts) });
  };

  const onAnchorTask = async (task: AnchorTask, { run, signal }: ActorContext): Promise<Tell[]> => {
    requireAgent(task, agents.proposer);
    return [{ to: addresses.verifier, kind: 'anchorAttempts', body: await tryAnchors(recipe, policy, run, task, signal) }];
  };

  return {
    type: 'pool',
    address: addresses.proposer,
    concurrency,
    async receive(message, context) {
      if (message.kind === 'slot') return onSlot(message.body, context);
      if (message.kind === 'anchorTask') return onAnchorTask(message.body, context);
      return [];
    },
  };
}
