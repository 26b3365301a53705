import type { InteractionReward, Rewards } from '@redqueen/contract';
import { bundleFault, rewardFault } from './check-reward.ts';
import { episodeName } from './episode-name.ts';
import { isClosed, isKnown, openEpisode } from './episodes.ts';
import type { RefusalCode } from './refusals.ts';
import type { OpenEpisode } from './state.ts';
import { drop, refuse, refuseBundle, rewardKeyText, type Work } from './work.ts';

/** Rewards that an open episode may hold: more than any real episode has. */
const mostRewards = 4096;

/** Keeps a reward of an open episode. Returns why it does not count; undefined where it does. */
function keep({ rewards }: OpenEpisode, reward: InteractionReward): RefusalCode | undefined {
  const key = rewardKeyText(reward.term, reward.agent, reward.turn);
  const known = rewards.get(key);
  if (known !== undefined) return known === reward.value ? 'duplicate' : 'other-value';
  if (rewards.size >= mostRewards) return 'too-many';
  rewards.set(key, reward.value);
  return undefined;
}

/** A reward of a closed episode: it was settled without it, or the reward came too late. */
function closedReason({ state }: Work, id: string): RefusalCode {
  return state.closed.get(id) === false ? 'late' : 'duplicate';
}

/**
 * Files every reward of a bundle exactly once: kept for its open episode, or dropped or refused with a reason. Returns the episode where it got something
 * new: a bundle of which nothing counts opens no episode and is no news of one.
 * Rewards may come before the facts that they join to; those that join to nothing are refused when the episode closes.
 */
export function recordRewards(work: Work, sender: string, bundle: Rewards): OpenEpisode | undefined {
  const { rules, state } = work;
  const fault = bundleFault(rules, sender, bundle);
  if (fault) {
    refuseBundle(work, bundle, fault);
    return undefined;
  }
  const name = episodeName(bundle.episodeId);
  const closed = isClosed(state, name);
  let episode = state.episodes.get(name.id);
  let kept = 0;
  for (const reward of bundle.rewards) {
    let reason = rewardFault(rules, bundle, reward) ?? (closed ? closedReason(work, name.id) : undefined);
    if (!reason && !episode && isKnown(state, name)) episode = openEpisode(state, name.id);
    if (!reason) reason = episode ? keep(episode, reward) : 'unknown-episode';
    const { agent, term, turn } = reward;
    const which = { episode: name.id, teller: bundle.teller, agent, term, turn };
    if (!reason) kept += 1;
    else if (reason === 'duplicate' || reason === 'late') drop(work, which, reason);
    else refuse(work, which, reason);
  }
  return kept > 0 ? episode : undefined;
}
