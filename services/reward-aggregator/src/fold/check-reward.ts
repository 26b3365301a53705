import type { InteractionReward, Rewards } from '@redqueen/contract';
import { rewardId } from '@redqueen/core';
import { isSignedBundle } from '@redqueen/runtime';
import type { Rules } from '../rules.ts';
import { standardTerms } from '../terms/registry.ts';
import type { RefusalCode } from './refusals.ts';

/** Largest turn that an episode may have. */
const lastTurn = 0xffff;

/** What is wrong with a bundle as a whole, sent by `sender`; undefined where nothing. */
export function bundleFault(rules: Rules, sender: string, bundle: Rewards): RefusalCode | undefined {
  if (bundle.teller !== sender) return 'wrong-sender';
  if (!Object.values(rules.roles).some(({ agent }) => agent === sender)) return 'unknown-teller';
  if (bundle.epoch !== 0) return 'wrong-epoch';
  return signatureFault(rules, bundle);
}

/** A run without keys takes unsigned rewards; in one with keys a teller that has none can tell nothing. */
function signatureFault({ run, rewardKeys }: Rules, bundle: Rewards): RefusalCode | undefined {
  if (!rewardKeys) return undefined;
  if (bundle.signature.length === 0) return 'unsigned';
  const key = rewardKeys.get(bundle.teller);
  return key && isSignedBundle(run, bundle, key) ? undefined : 'bad-signature';
}

/** What is wrong with a reward, whatever else is known of its episode; undefined where nothing. */
export function rewardFault(rules: Rules, bundle: Rewards, reward: InteractionReward): RefusalCode | undefined {
  const term = standardTerms.get(reward.term);
  if (!term) return 'unknown-term';
  if (!term.teller) return 'untold-term';
  if (rules.roles[term.teller].agent !== bundle.teller) return 'not-entitled';
  if (reward.role !== term.earner) return 'wrong-role';
  if (!rules.agents.some(({ agent, role }) => role === term.earner && agent === reward.agent)) return 'wrong-agent';
  if (!Number.isInteger(reward.turn) || reward.turn < 0 || reward.turn > lastTurn) return 'bad-turn';
  if (!Number.isFinite(reward.value)) return 'not-finite';
  if (reward.value < term.range[0] || reward.value > term.range[1]) return 'out-of-range';
  return idFault(rules, bundle, reward);
}

function idFault(rules: Rules, bundle: Rewards, reward: InteractionReward): RefusalCode | undefined {
  const { agent, role, turn, term } = reward;
  const expected = rewardId({ run: rules.run, episode: bundle.episodeId, agent, role, turn, term, epoch: bundle.epoch });
  return reward.rewardId === expected ? undefined : 'wrong-id';
}
