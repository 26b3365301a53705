import { definePlugin, interactionReward } from '@redqueen/core';
import { z } from 'zod';

/**
 * Executor: what its turn in a discussion of peers earns. A solution scored τ earns (τ − 1)/2 and its evaluation the rest, so that the two play a zero-sum
 * game; whoever scored it earns 0, or −1 where the scoring cannot be read. No truth is asked. The verifier tells it from the acts.
 */
export const interaction = definePlugin({
  kind: 'reward-term',
  name: 'interaction',
  source: 'Xue et al. 2025 (CoMAS, 2510.08529), equations 7 and 8',
  about:
    'Pays peers for a discussion: the solution for its score, the evaluation for what the score leaves, the scoring for being readable.',
  options: z.strictObject({}),
  create: () => ({
    name: 'interaction',
    earner: 'executor',
    teller: 'verifier',
    range: [-1, 1],
    gate: false,
    closedGate: 0,
    turns: (facts) => facts.acts ?? [],
    formula(facts, turn) {
      const act = facts.acts?.find((one) => one.agent === turn.agent && one.turn === turn.turn);
      return act && interactionReward(act.kind, act.score);
    },
  }),
});
