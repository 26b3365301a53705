import type { InteractionReward, Rewards } from '@redqueen/contract';
import { bundleFault, rewardFault } from './check-reward.ts';
import { episodeName } from './episode-name.ts';
import { isClosed, isKnown, openEpisode } from './episodes.ts';
import type { OpenEpisode } from './state.ts';
import { refuse, rewardKeyText, type Work } from './work.ts';

/** Rewards that an open episode may hold: more than any real episode has. */
const mostRewards = 4096;

/** Files a reward of a closed episode: it was settled without it, or it came too late. */
function countClosed(work: Work, id: string): void {
  const { rewards, chain, closed } = work.state;
  if (closed.get(id) === false) rewards.late += 1;
  else rewards.duplicates += 1;
  chain.dropped += 1;
}

function keep(work: Work, episode: OpenEpisode, reward: InteractionReward): string | undefined {
  const key = rewardKeyText(reward.term, reward.agent, reward.turn);
  const known = episode.rewards.get(key);
  if (known === undefined) {
    if (episode.rewards.size >= mostRewards) return 'the episode has too many rewards';
    episode.rewards.set(key, reward.value);
    return undefined;
  }
  if (known !== reward.value) return 'another value was told before';
  work.state.rewards.duplicates += 1;
  work.state.chain.dropped += 1;
  return undefined;
}

/**
 * Files every reward of a bundle exactly once: kept for its open episode, duplicate, late, or refused with a reason.
 * Rewards may come before the facts that they join to; those that join to nothing are refused when the episode closes.
 */
export function recordRewards(work: Work, sender: string, bundle: Rewards): OpenEpisode | undefined {
  const name = episodeName(bundle.episodeId);
  const fault = bundleFault(work.rules, sender, bundle);
  const closed = isClosed(work.state, name);
  let episode = work.state.episodes.get(name.id);
  for (const reward of bundle.rewards) {
    let reason = fault ?? rewardFault(work.rules, bundle, reward);
    if (!reason && closed) {
      countClosed(work, name.id);
      continue;
    }
    if (!reason && !episode && isKnown(work.state, name)) episode = openEpisode(work.state, name.id);
    if (!reason) reason = episode ? keep(work, episode, reward) : 'the episode is unknown';
    if (reason) {
      const { agent, term, turn } = reward;
      refuse(work, { episode: name.id, teller: bundle.teller, agent, term, turn, reason });
    }
  }
  return episode;
}
