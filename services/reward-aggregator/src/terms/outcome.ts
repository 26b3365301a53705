import type { Plugin, RewardTerm } from '@redqueen/core';
import { requireNoOptions } from './no-options.ts';

/** Executor: 1 for a right answer, 0 for a wrong one, as the verifier's truth side says; environments with partial credit lie between. */
export const outcome: Plugin<RewardTerm> = {
  name: 'outcome',
  source: 'verifiable outcome reward: Lambert et al. 2024 (Tülu 3, RLVR)',
  create(options) {
    requireNoOptions('outcome', options);
    return {
      name: 'outcome',
      earner: 'executor',
      teller: 'verifier',
      range: [0, 1],
      gate: false,
      closedGate: 0,
      turns: (facts) => facts.attempts,
      formula: () => undefined,
    };
  },
};
