import type { Tell } from '@redqueen/runtime';
import type { Rules } from '../rules.ts';
import type { OpenEpisode, State } from './state.ts';

/** A reward that was refused, for the log. */
export interface Refusal {
  readonly episode: string;
  readonly teller: string;
  readonly agent: string;
  readonly term: string;
  readonly turn: number;
  readonly reason: string;
}

/** What one message does: the state as it changes, and what comes of it. */
export interface Work {
  readonly rules: Rules;
  readonly state: State;
  readonly tells: Tell[];
  readonly refusals: Refusal[];
}

/** Records a refused reward. */
export function refuse(work: Work, refusal: Refusal): void {
  const { rewards, refusals } = work.state;
  rewards.refused += 1;
  refusals.set(refusal.reason, (refusals.get(refusal.reason) ?? 0) + 1);
  work.refusals.push(refusal);
}

/** The key of a reward within its episode. */
export function rewardKeyText(term: string, agent: string, turn: number): string {
  return `${term} ${agent} ${turn}`;
}

/** A reward's parts, from its key within the episode. */
export function rewardOfKey(episode: OpenEpisode, key: string): Omit<Refusal, 'teller' | 'reason'> {
  const [term = '', agent = '', turn = ''] = key.split(' ');
  return { episode: episode.id, agent, term, turn: Number(turn) };
}
