import type { Message } from '@redqueen/contract';
import type { Conversation } from '@redqueen/core';
import { conversationOf } from './conversation.ts';

/** A settled or void episode with the messages that it was made of. */
export interface ClosedEpisode {
  readonly episode: string;
  readonly messages: readonly Message[];
  readonly status: 'settled' | 'void';
}

/** Episodes of tasks: those that go on, and the newest that ended. */
export interface Episodes {
  open: Map<string, Message[]>;
  /** Newest last. */
  closed: ClosedEpisode[];
  opened: number;
}

/** How many ended episodes are kept. */
const closedLimit = 40;
/** More open episodes than any capacity rule allows; beyond it the oldest are forgotten here (the stream keeps them). */
const openLimit = 4000;

/** None yet. */
export function emptyEpisodes(): Episodes {
  return { open: new Map(), closed: [], opened: 0 };
}

function episodeOf(message: Message): string | undefined {
  if (message.kind === 'task' || message.kind === 'attempts' || message.kind === 'verdicts') return message.body.taskId;
  if (message.kind === 'rewards' || message.kind === 'settlement') return message.body.episodeId;
  return undefined;
}

function open(episodes: Episodes, episode: string, message: Message): void {
  episodes.open.set(episode, [message]);
  episodes.opened++;
  if (episodes.open.size <= openLimit) return;
  const [oldest] = episodes.open.keys();
  if (oldest !== undefined) episodes.open.delete(oldest);
}

/** Folds one message in. Episodes without a task (predictions, rejected proposals) are left out. */
export function foldEpisodes(episodes: Episodes, message: Message): void {
  const episode = episodeOf(message);
  if (episode === undefined) return;
  const messages = episodes.open.get(episode);
  if (message.kind === 'task' && !messages) open(episodes, episode, message);
  else messages?.push(message);
  if (message.kind !== 'settlement' || !messages) return;
  episodes.open.delete(episode);
  episodes.closed.push({ episode, messages, status: message.body.status === 'SETTLEMENT_STATUS_SETTLED' ? 'settled' : 'void' });
  if (episodes.closed.length > closedLimit) episodes.closed.shift();
}

/** What was told of an episode, as far as it is still kept here. */
export function messagesOf(episodes: Episodes, episode: string): readonly Message[] | undefined {
  return episodes.open.get(episode) ?? episodes.closed.find((entry) => entry.episode === episode)?.messages;
}

/** How much there is to read in an episode: proposed, judged, and with right and wrong attempts. */
function interest(conversation: Conversation): number {
  const mixed = conversation.solved > 0 && conversation.solved < conversation.attempts;
  const judged = conversation.turns.some((turn) => turn.kind === 'verdict');
  return (mixed ? 4 : 0) + (judged ? 2 : 0) + (conversation.origin === 'proposer' ? 1 : 0);
}

/** The newest of the most readable ended episodes; undefined before the first. */
export function exampleEpisode(episodes: Episodes): Conversation | undefined {
  let best: Conversation | undefined;
  for (const { episode, messages } of episodes.closed) {
    const conversation = conversationOf(episode, messages);
    if (!best || interest(conversation) >= interest(best)) best = conversation;
  }
  return best;
}

/** The newest ended episodes as conversations, newest first. */
export function newestEpisodes(episodes: Episodes, limit: number): Conversation[] {
  return episodes.closed
    .slice(-limit)
    .reverse()
    .map(({ episode, messages }) => conversationOf(episode, messages));
}
