import { definePlugin } from '@redqueen/core';
import { z } from 'zod';
import { solveRateOf } from './solve-rate.ts';

/** 4p(1 − p): 1 for a task that half of the attempts solve, 0 for one that all or none solve. `p` in [0, 1]. */
export function learnabilityOf(solveRate: number): number {
  return 4 * solveRate * (1 - solveRate);
}

/** Proposer: how much the executor can learn from the task, by the share p of its valid attempts that were right. */
export const learnability = definePlugin({
  kind: 'reward-term',
  name: 'learnability',
  source: 'Florensa et al. 2018 and Tzannetos et al. 2023 (p(1 − p)); scaled to [0, 1] as in verifiers proposer_solver',
  about: 'Pays the proposer 4p(1 − p) for a task that a share p of the attempts solves.',
  options: z.strictObject({}),
  create: () => ({
    name: 'learnability',
    earner: 'proposer',
    teller: 'verifier',
    range: [0, 1],
    gate: false,
    closedGate: 0,
    turns: (facts) => (facts.kind === 'task' ? facts.proposals : []),
    formula(facts, _turn, evidence) {
      const rate = solveRateOf(facts, evidence);
      return rate === undefined ? undefined : learnabilityOf(rate);
    },
  }),
});
