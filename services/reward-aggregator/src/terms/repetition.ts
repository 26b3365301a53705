import type { Plugin, RewardTerm } from '@redqueen/core';
import { requireNoOptions } from './no-options.ts';

/**
 * Proposer: min(1, copies / 2), where copies counts the same task elsewhere in the slot and among the last 512 proposals.
 * Only the proposer remembers those, so it tells the value; a recipe gives it a negative weight.
 */
export const repetition: Plugin<RewardTerm> = {
  name: 'repetition',
  source: 'repetition penalty of R-Zero (2508.05004), by exact copies instead of BLEU clusters',
  create(options) {
    requireNoOptions('repetition', options);
    return {
      name: 'repetition',
      earner: 'proposer',
      teller: 'proposer',
      range: [0, 1],
      gate: false,
      closedGate: 0,
      turns: (facts) => (facts.kind === 'task' ? facts.proposals : []),
      formula: () => undefined,
    };
  },
};
