import type { InteractionReward, Rewards } from '@redqueen/contract';
import { rewardId } from '@redqueen/core';
import type { Rules } from '../rules.ts';
import { standardTerms } from '../terms/registry.ts';

/** Largest turn that an episode may have. */
const lastTurn = 0xffff;

/** What is wrong with a bundle as a whole, sent by `sender`; undefined where nothing. */
export function bundleFault(rules: Rules, sender: string, bundle: Rewards): string | undefined {
  if (bundle.teller !== sender) return 'the teller is not the sender';
  if (!Object.values(rules.roles).some(({ agent }) => agent === sender)) return 'the teller is no agent of the run';
  if (bundle.epoch !== 0) return 'the epoch is not the current one';
  return undefined;
}

/** What is wrong with a reward, whatever else is known of its episode; undefined where nothing. */
export function rewardFault(rules: Rules, bundle: Rewards, reward: InteractionReward): string | undefined {
  const term = standardTerms.get(reward.term);
  if (!term) return 'the term is unknown';
  if (!term.teller) return 'the term is told by nobody';
  if (rules.roles[term.teller].agent !== bundle.teller) return 'the teller is not entitled to the term';
  if (reward.role !== term.earner) return 'the role does not earn the term';
  if (!rules.agents.some(({ agent, role }) => role === term.earner && agent === reward.agent)) return 'the agent is not one of the role';
  if (!Number.isInteger(reward.turn) || reward.turn < 0 || reward.turn > lastTurn) return 'the turn is no turn';
  if (!Number.isFinite(reward.value)) return 'the value is not finite';
  if (reward.value < term.range[0] || reward.value > term.range[1]) return 'the value is out of range';
  return idFault(rules, bundle, reward);
}

function idFault(rules: Rules, bundle: Rewards, reward: InteractionReward): string | undefined {
  const { agent, role, turn, term } = reward;
  const expected = rewardId({ run: rules.run, episode: bundle.episodeId, agent, role, turn, term, epoch: bundle.epoch });
  return reward.rewardId === expected ? undefined : 'the id does not belong to the reward';
}
