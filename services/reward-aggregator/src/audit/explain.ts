import type { AgentTotal, Batch, TrainingGroup } from '@redqueen/contract';
import type { TrainedRole } from '@redqueen/core';
import { rulesOf, type RoleRules } from '../rules.ts';
import type { LedgerSource } from './source.ts';
import { episodeOfReward, messagesOf, type EpisodeMessages, type Step, type ToldReward } from './walk.ts';

/** One term of a turn's total. */
export interface ExplainedTerm {
  readonly term: string;
  readonly weight: number;
  /** Undefined where the aggregator derives it from the facts: nobody tells it. */
  readonly told:
    | { readonly value: number; readonly rewardId: string; readonly teller: string; readonly evidence: string; readonly sequence: number }
    | undefined;
}

/** Where a turn's advantage stands. */
export interface ExplainedAdvantage {
  readonly value: number;
  /** Sequence of the message that holds it: the settlement, or the batch where it depends on the batch's other groups. */
  readonly sequence: number;
  readonly in: 'settlement' | 'batch';
}

/** A turn of an agent: what it earned, term by term, and what came of it. */
export interface ExplainedTurn {
  readonly turn: number;
  readonly total: number;
  readonly advantage: ExplainedAdvantage | undefined;
  readonly terms: readonly ExplainedTerm[];
}

/** An agent's part in an episode. */
export interface ExplainedAgent {
  readonly agent: string;
  /** Stages of the credit pipeline, as the recipe has them. */
  readonly credit: readonly string[];
  /** Whether credit compares the group's turns alone, or the whole batch. */
  readonly scope: 'group' | 'batch';
  readonly turns: readonly ExplainedTurn[];
}

/** The walk from an episode's advantages back to the messages that they came from. */
export interface Explanation {
  readonly run: string;
  readonly episode: string;
  /** The reward that was asked for; absent where an episode was. */
  readonly reward?: { readonly rewardId: string; readonly agent: string; readonly turn: number; readonly term: string };
  readonly settlement:
    | { readonly sequence: number; readonly index: number; readonly status: string; readonly reason: string; readonly digest: string }
    | undefined;
  readonly agents: readonly ExplainedAgent[];
  readonly batches: readonly { readonly sequence: number; readonly agent: string; readonly number: number }[];
  /** Every message of the episode, in stream order. */
  readonly messages: readonly Step[];
}

/** A turn, and its place among its agent's turns in the episode. */
interface Place {
  readonly turn: number;
  readonly place: number;
}

/** Which sample of a batch's group is the turn; −1 where the group is not the one that it is compared in. */
function placeIn(group: TrainingGroup, batch: Batch, episode: EpisodeMessages, role: TrainedRole, own: Place): number {
  const { turn, place } = own;
  const { id, slot, index } = episode.name;
  if (group.episodeId === `${id}#${turn}`) return 0;
  if (role === 'executor') return group.episodeId === id ? place : -1;
  if (role !== 'proposer' || group.episodeId !== slot) return -1;
  // A slot's group holds those of its proposals that have a total, in their order.
  return batch.settlementDigests.filter((digest) => (episode.proposals.get(digest) ?? index) < index).length;
}

/** The advantage of a sample: that of its first token which the policy sampled. */
function advantageIn(group: TrainingGroup, place: number): number | undefined {
  const sample = group.samples[place];
  const token = sample?.tokens.findIndex((_, index) => sample.given[index] !== true) ?? -1;
  return token < 0 ? undefined : sample?.advantages[token];
}

function advantageOf(episode: EpisodeMessages, own: RoleRules, total: AgentTotal, place: number): ExplainedAdvantage | undefined {
  const settled = total.advantages[place];
  if (settled !== undefined && episode.settlement) return { value: settled, sequence: episode.settlement.sequence, in: 'settlement' };
  const turn = total.turns[place] ?? 0;
  for (const { sequence, body } of episode.batches.filter((one) => one.body.agent === own.agent)) {
    for (const group of body.groups) {
      const value = advantageIn(group, placeIn(group, body, episode, own.role, { turn, place }));
      if (value !== undefined) return { value, sequence, in: 'batch' };
    }
  }
  return undefined;
}

function termsOf(own: RoleRules, rewards: readonly ToldReward[], turn: number): ExplainedTerm[] {
  return own.terms.map(({ term, weight }) => {
    const told = rewards.find((one) => one.agent === own.agent && one.turn === turn && one.term === term.name);
    return {
      term: term.name,
      weight,
      told: told && { value: told.value, rewardId: told.rewardId, teller: told.teller, evidence: told.evidence, sequence: told.sequence },
    };
  });
}

function agentOf(source: LedgerSource, own: RoleRules, episode: EpisodeMessages, total: AgentTotal): ExplainedAgent {
  return {
    agent: own.agent,
    credit: source.record.recipe.roles[own.role].credit.map(({ use }) => use),
    scope: own.credit.scope,
    turns: total.turns.map((turn, place) => ({
      turn,
      total: total.totals[place] ?? Number.NaN,
      advantage: advantageOf(episode, own, total, place),
      terms: termsOf(own, episode.rewards, turn),
    })),
  };
}

const rewardPattern = /^[0-9a-f]{64}$/;

/** Explains a reward (its id, 64 hexadecimal digits) or an episode: the advantages of its turns, what they were made of, and the messages behind them. Throws `not_found`. */
export async function explainLedger(source: LedgerSource, wanted: string): Promise<Explanation> {
  const asked = rewardPattern.test(wanted) ? await episodeOfReward(source, wanted) : undefined;
  const episode = await messagesOf(source, asked?.episode ?? wanted);
  const rules = rulesOf(source.record, source.plugins);
  const { settlement } = episode;
  const agents = (settlement?.body.totals ?? []).flatMap((total) => {
    const own = rules.agents.find(({ agent }) => agent === total.agent);
    return own ? [agentOf(source, own, episode, total)] : [];
  });
  return {
    run: source.record.run,
    episode: episode.name.id,
    ...(asked && { reward: { rewardId: wanted, agent: asked.reward.agent, turn: asked.reward.turn, term: asked.reward.term } }),
    settlement: settlement && {
      sequence: settlement.sequence,
      index: settlement.body.index,
      status: settlement.body.status === 'SETTLEMENT_STATUS_SETTLED' ? 'settled' : 'void',
      reason: settlement.body.reason,
      digest: settlement.body.digest,
    },
    agents,
    batches: episode.batches.map(({ sequence, body }) => ({ sequence, agent: body.agent, number: body.number })),
    messages: episode.steps,
  };
}
