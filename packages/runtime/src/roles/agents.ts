import { addressOf, type Address } from '@redqueen/contract';

/** The actors of a run, by role. There is one actor a role; it acts for every agent of the role. */
export const addresses = {
  executor: { role: 'executor', key: '0' },
  proposer: { role: 'proposer', key: '0' },
  verifier: { role: 'verifier', key: '0' },
  worldModel: { role: 'world-model', key: '0' },
  curriculum: { role: 'curriculum', key: '0' },
  rewardAggregator: { role: 'reward-aggregator', key: '0' },
  policy: { role: 'policy', key: '0' },
  gateway: { role: 'gateway', key: '0' },
} as const satisfies Record<string, Address>;

/** The agents that learn, as rewards and policies name them. Where a role has several, this is the first. */
export const agents = {
  executor: 'executor/0',
  proposer: 'proposer/0',
  verifier: 'verifier/0',
  worldModel: 'world-model/0',
} as const;

/** The actor that acts for an agent: "executor/2" is held by executor/0, as every executor is. Throws like `addressOf`. */
export function actorOf(agent: string): Address {
  return { role: addressOf(agent).role, key: '0' };
}
