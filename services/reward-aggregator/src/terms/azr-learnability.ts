import { definePlugin, type EpisodeFacts, type Evidence } from '@redqueen/core';
import { z } from 'zod';
import { solveRateOf } from './solve-rate.ts';

/** 1 − r̄ where somebody solves the task, else 0: the harder the better, as long as it is solved at all. `solveRate` in [0, 1]. */
export function azrLearnability(solveRate: number): number {
  return solveRate > 0 ? 1 - solveRate : 0;
}

/** What the proposer earns for it: the learnability itself where it is above 0, and −½ for a task that teaches nothing. */
function paid(learnability: number): number {
  return learnability > 0 ? learnability : -0.5;
}

/** −½ for a proposal that could be read and is no task of its slot (the paper sets r̄ = 1 for it), −1 for one that could not. */
function rejectedValue(rejection: string): number {
  return rejection === 'wrong-slot' ? paid(azrLearnability(1)) : -1;
}

function valueOf(facts: EpisodeFacts, evidence: Evidence): number | undefined {
  if (facts.kind === 'rejected') return rejectedValue(facts.rejection ?? 'malformed');
  const rate = solveRateOf(facts, evidence);
  return rate === undefined ? undefined : paid(azrLearnability(rate));
}

/** Proposer: learnability of Absolute Zero with its punishments. It stands for itself; combine it with no other gate. */
export const azrLearnabilityTerm = definePlugin({
  kind: 'reward-term',
  name: 'azr-learnability',
  source: 'Zhao et al. 2025 (Absolute Zero, 2505.03335), equation 4, with −½ and −1 as in the released code',
  about: 'Pays the proposer 1 − r̄ for a task that somebody solves, −½ for one that teaches nothing, −1 for none.',
  options: z.strictObject({}),
  create: () => ({
    name: 'azr-learnability',
    earner: 'proposer',
    teller: undefined,
    range: [-1, 1],
    gate: false,
    closedGate: 0,
    turns: (facts) => facts.proposals,
    formula: (facts, _turn, evidence) => valueOf(facts, evidence),
  }),
});
