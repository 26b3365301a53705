import { episodeName, type EpisodeName } from './episode-name.ts';
import type { OpenEpisode, State } from './state.ts';

/** Closed episodes that are remembered by id; older ones are known by their tick. */
const remembered = 2048;

/** Whether the episode was closed, as far as its id tells. */
export function isClosed(state: State, name: EpisodeName): boolean {
  if (state.episodes.has(name.id)) return false;
  if (state.closed.has(name.id)) return true;
  // A slow task may still bring its predictions when everything around it is long closed.
  return name.tick >= 0 && name.tick <= state.floor && !state.episodes.has(name.task);
}

/** The open episode of that id; opened where it is new, undefined where it was closed. */
export function openEpisode(state: State, id: string): OpenEpisode | undefined {
  const known = state.episodes.get(id);
  if (known) return known;
  const name = episodeName(id);
  if (isClosed(state, name)) return undefined;
  const episode: OpenEpisode = {
    id,
    kind: name.kind,
    slot: name.slot,
    index: name.index,
    news: 0,
    spec: undefined,
    proposal: undefined,
    rejection: '',
    attempts: undefined,
    attemptedBy: '',
    acts: [],
    judgements: undefined,
    predictions: undefined,
    rewards: new Map(),
  };
  state.episodes.set(id, episode);
  return episode;
}

/** Whether a message about the episode can belong to something that was really opened: itself, or the task that it belongs to. */
export function isKnown(state: State, name: EpisodeName): boolean {
  return state.episodes.has(name.id) || state.episodes.has(name.task) || state.closed.has(name.task);
}

/** Forgets the episode's content and remembers that it is closed. */
export function forgetEpisode(state: State, id: string, settled: boolean): void {
  state.episodes.delete(id);
  state.closed.set(id, settled);
  if (state.closed.size <= remembered) return;
  const oldest = state.closed.keys().next().value as string;
  state.closed.delete(oldest);
  state.floor = Math.max(state.floor, episodeName(oldest).tick);
}
