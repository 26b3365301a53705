import type { AnchorTask, Slot } from '@redqueen/contract';
import { RedQueenError, type AnyPlugin, type PolicyClient, type RunRecord, type TaskSource } from '@redqueen/core';
import { addresses, agents, requireAgent, type ActorContext, type PoolActor, type Tell } from '@redqueen/runtime';
import { tryAnchors } from './anchors.ts';
import { crossPlayTells } from './cross-play.ts';
import { RecentProposals } from './recent-proposals.ts';
import { proposalTokens, taskSources, type Draft } from './sources/index.ts';
import { slotTells } from './tells.ts';

/** Slots in hand at once in one process. */
const concurrency = 32;

/** The sources that slots of a run may name: that of its recipe, and the environment. */
function sourcesOf({ recipe }: RunRecord, policy: PolicyClient, plugins: readonly AnyPlugin[]): ReadonlyMap<string, TaskSource> {
  const tools = { policy, maxTokens: proposalTokens(recipe.environments) };
  const known = taskSources.with(plugins);
  const chosen = known.create(recipe.source, tools, 'source');
  return new Map([
    ['', chosen],
    ['generator', known.create({ use: 'generator' }, tools)],
    [recipe.source.use, chosen],
  ]);
}

/** The canonical forms of the drafts that are tasks made by a policy, with other copies of each; 0 for the others. */
function copiesOf(recent: RecentProposals, slot: string, drafts: readonly Draft[]): number[] {
  const proposed = drafts.map((draft) => (draft.proposal ? draft.task?.canonical : undefined));
  const copies = recent.countCopies(
    slot,
    proposed.filter((canonical) => canonical !== undefined),
  );
  return proposed.map((canonical) => (canonical === undefined ? 0 : (copies.shift() ?? 0)));
}

/**
 * The proposer of a run; `plugins` are those of the recipe's packages. A slot becomes as many tasks as it asks for, proposed where a proposal is one,
 * drawn from the environment where it is none.
 */
export function createProposerActor(record: RunRecord, policy: PolicyClient, plugins: readonly AnyPlugin[] = []): PoolActor {
  const { recipe, seed } = record;
  const sources = sourcesOf(record, policy, plugins);
  const recent = new RecentProposals();

  const onSlot = async (slot: Slot, { run, signal }: ActorContext): Promise<Tell[]> => {
    const source = sources.get(slot.source);
    if (!source)
      throw new RedQueenError('invalid_argument', `slot ${slot.slotId}: source ${slot.source} is neither the recipe's nor generator`);
    const drafts = await source.propose({ ...slot, run }, signal);
    return slotTells({ run, seed, slot, drafts, copies: copiesOf(recent, slot.slotId, drafts) });
  };

  const onAnchorTask = async (task: AnchorTask, { run, signal }: ActorContext): Promise<Tell[]> => {
    requireAgent(task, agents.proposer);
    if (task.purpose === 'ANCHOR_PURPOSE_CROSS_PLAY') return crossPlayTells(recipe, policy, run, task, signal);
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
