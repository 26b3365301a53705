import type { Plugin, RewardTerm } from '@redqueen/core';
import { requireNoOptions } from './no-options.ts';

/** World model: the share of the next state's fields that a prediction of an executed step got right. */
export const fieldAccuracy: Plugin<RewardTerm> = {
  name: 'field-accuracy',
  source: 'verifiable prediction reward: Wu et al. 2025 (RLVR-World), by field',
  create(options) {
    requireNoOptions('field-accuracy', options);
    return {
      name: 'field-accuracy',
      earner: 'world-model',
      teller: 'world-model',
      range: [0, 1],
      gate: false,
      closedGate: 0,
      turns: (facts) => facts.predictions,
      formula: () => undefined,
    };
  },
};
