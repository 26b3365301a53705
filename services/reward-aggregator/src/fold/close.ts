import type { EpisodeFacts, Evidence, RewardTerm, Turn } from '@redqueen/core';
import { fewestAttempts } from '../rules.ts';
import { standardTerms } from '../terms/registry.ts';
import { factsOf, missingFacts } from './facts.ts';
import { validSamples } from './packed-group.ts';
import type { OpenEpisode } from './state.ts';
import { settle, tellVoid } from './settle.ts';
import { refuse, rewardKeyText, rewardOfKey, type Work } from './work.ts';

/** A reward that the episode must get. */
interface Expected {
  readonly term: RewardTerm;
  readonly turn: Turn;
  readonly key: string;
}

/** The reason of a rejected proposal that fell into a held-out set: it earns nothing, good or bad, and is compared with nothing. */
const heldOut = 'held-out';
/** Told values may differ from their formula by rounding, not more. */
const tolerance = 1e-6;
const toldTerms = [...standardTerms.values()].filter((term) => term.teller);

function expectedOf(facts: EpisodeFacts): Expected[] {
  const expected: Expected[] = [];
  for (const term of toldTerms) {
    for (const turn of term.turns(facts)) expected.push({ term, turn, key: rewardKeyText(term.name, turn.agent, turn.turn) });
  }
  return expected;
}

/** Why the episode can never be settled, whatever comes; undefined where it can. */
function doomOf(episode: OpenEpisode): string | undefined {
  if (episode.kind === 'rejected') return episode.rejection === heldOut ? heldOut : undefined;
  if (episode.kind === 'prediction')
    return episode.predictions?.some(({ valid }) => valid.includes(1)) === false ? 'no prediction is valid' : undefined;
  if (!episode.attempts) return undefined;
  const all = episode.attempts.valid.length;
  const valid = validSamples(episode.attempts).length;
  return valid < Math.min(fewestAttempts, all) ? `only ${valid} of ${all} attempts are valid` : undefined;
}

/** Void: none of the episode's rewards count, and none is replaced by a zero. */
export function voidEpisode(work: Work, episode: OpenEpisode, reason: string): void {
  work.state.rewards.voided += episode.rewards.size;
  tellVoid(work, episode, reason);
}

/** Void because its time ran out: the reason names what never came. */
export function expireEpisode(work: Work, episode: OpenEpisode): void {
  const facts = missingFacts(episode);
  const missing = facts ? undefined : expectedOf(factsOf(work.rules, episode)).find(({ key }) => !episode.rewards.has(key));
  const what = facts ?? (missing ? `reward ${missing.term.name} of ${missing.turn.agent} turn ${missing.turn.turn}` : 'nothing');
  voidEpisode(work, episode, `expired: ${what} never came`);
}

/** Refuses the rewards that join to no turn of the episode. */
function refuseUnjoined(work: Work, episode: OpenEpisode, expected: readonly Expected[]): void {
  if (episode.rewards.size === expected.length) return;
  const joined = new Set(expected.map(({ key }) => key));
  for (const key of [...episode.rewards.keys()].sort()) {
    if (joined.has(key)) continue;
    episode.rewards.delete(key);
    refuse(work, rewardOfKey(episode, key), 'unjoined');
  }
}

/** Refuses the rewards that contradict their term's formula. Returns the first one's fault. */
function refuseContradictions(work: Work, episode: OpenEpisode, facts: EpisodeFacts, evidence: Evidence, expected: readonly Expected[]) {
  let fault: string | undefined;
  for (const { term, turn, key } of expected) {
    const value = term.formula(facts, turn, evidence);
    if (value === undefined || Math.abs(value - (episode.rewards.get(key) ?? Number.NaN)) <= tolerance) continue;
    fault ??= `reward ${term.name} of ${turn.agent} turn ${turn.turn} contradicts its formula`;
    episode.rewards.delete(key);
    refuse(work, rewardOfKey(episode, key), 'contradiction');
  }
  return fault;
}

/** Settles the episode if every expected reward is there, makes it void if it never can be, and otherwise waits. */
export function closeIfComplete(work: Work, episode: OpenEpisode): void {
  const doom = doomOf(episode);
  if (doom) return voidEpisode(work, episode, doom);
  if (missingFacts(episode)) return;
  const facts = factsOf(work.rules, episode);
  const expected = expectedOf(facts);
  if (episode.rewards.size < expected.length || expected.some(({ key }) => !episode.rewards.has(key))) return;
  refuseUnjoined(work, episode, expected);
  const evidence: Evidence = {
    trust: work.state.trust,
    value: (term, turn) => episode.rewards.get(rewardKeyText(term, turn.agent, turn.turn)),
  };
  const fault = refuseContradictions(work, episode, facts, evidence, expected);
  if (fault) return voidEpisode(work, episode, fault);
  work.state.rewards.counted += expected.length;
  settle(work, episode, facts, evidence);
}
