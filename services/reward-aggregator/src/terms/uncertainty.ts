import { definePlugin } from '@redqueen/core';
import { z } from 'zod';
import { solveRateOf } from './solve-rate.ts';

/** Shares at or below this say that there is no majority to speak of: in the released code they earn nothing. */
const leastShare = 0.1;

/** 1 − 2·|p − ½| for a share p in [0, 1]: 1 at ½, symmetric, 0 where all agree or none. */
export function uncertaintyOf(share: number): number {
  return 1 - 2 * Math.abs(share - 0.5);
}

/** min(p, 1 − p), as the released code has it: half of the paper's, and 0 at p ≤ 0.1. */
export function halfUncertaintyOf(share: number): number {
  return share <= leastShare ? 0 : Math.min(share, 1 - share);
}

const options = z.strictObject({
  /** paper: 1 − 2·|p − ½|. code: min(p, 1 − p), half of it, and 0 at p ≤ 0.1. */
  form: z.enum(['paper', 'code']).default('paper'),
});

/**
 * Proposer: how torn the executor is about the task, by the share p of its attempts that agree with what counts as right; under a majority vote the
 * majority's share. The released code also asks that the majority gives the proposer's own answer: ours claims none, an answer of the proposer is never trusted.
 */
export const uncertainty = definePlugin({
  kind: 'reward-term',
  name: 'uncertainty',
  source: 'R-Zero (2508.05004) and Agent0 (2511.16043), equation of the papers; the code pays half of it',
  about: 'Pays the proposer for a task on which half of the attempts agree.',
  options,
  create: ({ form }) => ({
    name: 'uncertainty',
    earner: 'proposer',
    teller: undefined,
    range: [0, 1],
    gate: false,
    closedGate: 0,
    turns: (facts) => (facts.kind === 'task' ? facts.proposals : []),
    formula(facts, _turn, evidence) {
      const share = solveRateOf(facts, evidence);
      return share === undefined ? undefined : form === 'paper' ? uncertaintyOf(share) : halfUncertaintyOf(share);
    },
  }),
});
