import { addressText, type Batch, type InteractionReward, type Message, type Settlement } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';
import { isOf } from '../explain.ts';
import { episodeName, type EpisodeName } from '../fold/episode-name.ts';
import { decodedEntries, type LedgerSource } from './source.ts';

/** A message on the walk from an advantage to where it came from. */
export interface Step {
  readonly sequence: number;
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly kind: string;
  readonly cause: string;
}

/** A reward with the message that told it. */
export interface ToldReward extends InteractionReward {
  readonly teller: string;
  readonly sequence: number;
}

/** What a ledger holds of one episode. */
export interface EpisodeMessages {
  readonly name: EpisodeName;
  /** In stream order. */
  readonly steps: readonly Step[];
  readonly rewards: readonly ToldReward[];
  readonly settlement: { readonly sequence: number; readonly body: Settlement } | undefined;
  /** Settlements of the slot's proposals, by digest: each proposal's index. */
  readonly proposals: ReadonlyMap<string, number>;
  /** Batches that name the settlement. */
  readonly batches: readonly { readonly sequence: number; readonly body: Batch }[];
}

function stepOf(message: Message, sequence: number): Step {
  const { id, from, to, kind, cause } = message;
  return { sequence, id, from: addressText(from), to: addressText(to), kind, cause };
}

/** The episode of a reward. Throws `not_found`. */
export async function episodeOfReward(source: LedgerSource, rewardId: string): Promise<{ episode: string; reward: InteractionReward }> {
  for await (const { message } of decodedEntries(source)) {
    const reward = message.kind === 'rewards' ? message.body.rewards.find((one) => one.rewardId === rewardId) : undefined;
    if (reward && message.kind === 'rewards') return { episode: message.body.episodeId, reward };
  }
  throw new RedQueenError(
    'not_found',
    `reward ${rewardId}: run ${source.record.run} has none of that id; \`redqueen ledger explain EPISODE\` lists them`,
  );
}

/** Everything that the ledger holds of an episode, in one pass. Throws `not_found` where that is nothing. */
export async function messagesOf(source: LedgerSource, episode: string): Promise<EpisodeMessages> {
  const name = episodeName(episode);
  const steps: Step[] = [];
  const rewards: ToldReward[] = [];
  const batches: { sequence: number; body: Batch }[] = [];
  const proposals = new Map<string, number>();
  let settlement: { sequence: number; body: Settlement } | undefined;
  for await (const { message, sequence } of decodedEntries(source)) {
    if (message.kind === 'settlement' && name.slot !== '' && message.body.slotId === name.slot)
      proposals.set(message.body.digest, episodeName(message.body.episodeId).index);
    const digest = settlement?.body.digest;
    const isBatch = message.kind === 'batch' && digest !== undefined && message.body.settlementDigests.includes(digest);
    if (!isBatch && !isOf(name, message)) continue;
    steps.push(stepOf(message, sequence));
    if (message.kind === 'batch') batches.push({ sequence, body: message.body });
    if (message.kind === 'settlement') settlement ??= { sequence, body: message.body };
    if (message.kind === 'rewards') rewards.push(...message.body.rewards.map((one) => ({ ...one, teller: message.body.teller, sequence })));
  }
  if (steps.every(({ kind }) => kind === 'slot'))
    throw new RedQueenError(
      'not_found',
      `episode ${JSON.stringify(episode)}: run ${source.record.run} has none of that id; ids look like "12.3.0"`,
    );
  return { name, steps, rewards, settlement, proposals, batches };
}
