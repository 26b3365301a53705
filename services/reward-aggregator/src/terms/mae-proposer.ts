import { definePlugin, type EpisodeFacts, type Evidence } from '@redqueen/core';
import { z } from 'zod';
import { solveRateOf } from './solve-rate.ts';

/** Quality below which the difficulty does not count. */
const leastQuality = 0.7;

/** (quality + difficulty + format) / 3 with difficulty = 1 − r̄; the difficulty is left out where the quality is below 0.7. All in [0, 1]. */
export function maeProposer(quality: number, solveRate: number, format: number): number {
  return (quality + (quality < leastQuality ? 0 : 1 - solveRate) + format) / 3;
}

/** The environment is the judge of a task's quality: one that it can read and solve is as good as a task gets, one that it cannot is none. */
function valueOf(facts: EpisodeFacts, evidence: Evidence): number | undefined {
  if (facts.kind === 'rejected') return maeProposer(0, 1, facts.rejection === 'wrong-slot' ? 0.5 : 0);
  const rate = solveRateOf(facts, evidence);
  return rate === undefined ? undefined : maeProposer(1, rate, 1);
}

/**
 * Proposer: Multi-Agent Evolve. What the judge thinks of the task, how hard it is for the solver, and its form. Our form: the environment's parser says the
 * quality, not a model, and a difficulty that is left out counts as 0 (the mean stays one of three).
 */
export const maeProposerTerm = definePlugin({
  kind: 'reward-term',
  name: 'mae-proposer',
  source: 'Chen et al. 2025 (Multi-Agent Evolve, 2510.23595), proposer reward of the released code; quality by the environment is our form',
  about: 'Pays the proposer the mean of quality, difficulty and form.',
  options: z.strictObject({}),
  create: () => ({
    name: 'mae-proposer',
    earner: 'proposer',
    teller: undefined,
    range: [0, 1],
    gate: false,
    closedGate: 0,
    turns: (facts) => facts.proposals,
    formula: (facts, _turn, evidence) => valueOf(facts, evidence),
  }),
});
