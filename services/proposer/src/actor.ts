import type { AnchorTask, Slot } from '@redqueen/contract';
import { RedQueenError, type AnyPlugin, type PolicyClient, type RunRecord, type TaskSource } from '@redqueen/core';
import {
  addresses,
  agents,
  noUseFor,
  requireAgent,
  requireSamples,
  requireTemperature,
  type ActorContext,
  type PoolActor,
  type Tell,
} from '@redqueen/runtime';
import { tryAnchors } from './anchors.ts';
import { crossPlayTells } from './cross-play.ts';
import { RecentProposals } from './recent-proposals.ts';
import { measureRepetition, type MeasureRepetition, type Repetition } from './repetition.ts';
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

/** What the repetition term says of each draft that is a task made by a policy. */
function repetitionsOf(measure: MeasureRepetition, slot: string, drafts: readonly Draft[]): (Repetition | undefined)[] {
  const proposed = drafts.map((draft) => (draft.proposal ? draft.task?.canonical : undefined));
  const measured = [
    ...measure(
      slot,
      proposed.filter((canonical) => canonical !== undefined),
    ),
  ];
  return proposed.map((canonical) => (canonical === undefined ? undefined : measured.shift()));
}

/**
 * The proposer of a run; `plugins` are those of the recipe's packages. A slot becomes as many tasks as it asks for, proposed where a proposal is one,
 * drawn from the environment where it is none.
 */
export function createProposerActor(record: RunRecord, policy: PolicyClient, plugins: readonly AnyPlugin[] = []): PoolActor {
  const { recipe, seed } = record;
  const sources = sourcesOf(record, policy, plugins);
  const measure = measureRepetition(recipe, new RecentProposals());

  const onSlot = async (slot: Slot, { run, signal }: ActorContext): Promise<Tell[]> => {
    requireSamples(`slot ${slot.slotId}: proposals`, slot.proposals);
    requireSamples(`slot ${slot.slotId}: attempts`, slot.attempts);
    requireTemperature(`slot ${slot.slotId}`, slot.temperature);
    const source = sources.get(slot.source);
    if (!source)
      throw new RedQueenError('invalid_argument', `slot ${slot.slotId}: source ${slot.source} is neither the recipe's nor generator`);
    const drafts = await source.propose({ ...slot, run }, signal);
    return slotTells({ run, seed, slot, drafts, repetitions: repetitionsOf(measure, slot.slotId, drafts) });
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
      throw noUseFor(message, 'slot', 'anchorTask');
    },
  };
}
