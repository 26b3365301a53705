import type { Rewards } from '@redqueen/contract';
import type { Tell } from '@redqueen/runtime';
import type { Rules } from '../rules.ts';
import type { DropCode, RefusalCode } from './refusals.ts';
import type { OpenEpisode, State } from './state.ts';

/** Which reward is meant. */
interface Refused {
  readonly episode: string;
  readonly teller: string;
  readonly agent: string;
  readonly term: string;
  readonly turn: number;
}

/** A reward that does not count, or a whole bundle, for the log. */
export interface Refusal extends Partial<Refused> {
  readonly episode: string;
  readonly teller: string;
  readonly reason: RefusalCode;
  /** How many rewards; those of a bundle that is refused as a whole are one refusal. */
  readonly rewards: number;
}

/** What one message does: the state as it changes, and what comes of it. */
export interface Work {
  readonly rules: Rules;
  readonly state: State;
  readonly tells: Tell[];
  readonly refusals: Refusal[];
}

function countRefused({ state }: Work, reason: RefusalCode, rewards: number): void {
  state.rewards.refused += rewards;
  state.refusals.set(reason, (state.refusals.get(reason) ?? 0) + rewards);
}

/** Records a refused reward. */
export function refuse(work: Work, reward: Refused, reason: RefusalCode): void {
  countRefused(work, reason, 1);
  work.refusals.push({ ...reward, reason, rewards: 1 });
}

/** Records a bundle that is refused as a whole. */
export function refuseBundle(work: Work, { episodeId, teller, rewards }: Rewards, reason: RefusalCode): void {
  countRefused(work, reason, rewards.length);
  work.refusals.push({ episode: episodeId, teller, reason, rewards: rewards.length });
}

/** Records a reward that came again or too late: an honest repetition does that too, so it is dropped and not refused. */
export function drop(work: Work, reward: Refused, reason: DropCode): void {
  const { rewards, chain } = work.state;
  if (reason === 'late') rewards.late += 1;
  else rewards.duplicates += 1;
  chain.dropped += 1;
  work.refusals.push({ ...reward, reason, rewards: 1 });
}

/** The key of a reward within its episode. */
export function rewardKeyText(term: string, agent: string, turn: number): string {
  return `${term} ${agent} ${turn}`;
}

/** A reward's parts, from its key within the episode; who told it is not kept. */
export function rewardOfKey(episode: OpenEpisode, key: string): Refused {
  const [term = '', agent = '', turn = ''] = key.split(' ');
  return { episode: episode.id, teller: '', agent, term, turn: Number(turn) };
}
