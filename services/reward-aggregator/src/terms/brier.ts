import { definePlugin, square } from '@redqueen/core';
import { z } from 'zod';

/** 1 − (c − o)²: a proper score, best when the confidence c in [0, 1] is the true probability of the outcome o. */
export function brierReward(confidence: number, outcome: number): number {
  return 1 - square(confidence - outcome);
}

/** Verifier: the Brier score of each judgement whose outcome it did not see. A constant ½ earns 0.75. */
export const brier = definePlugin({
  kind: 'reward-term',
  name: 'brier',
  source: 'Brier 1950; as a reward Damani et al. 2025 (RLCR)',
  about: 'Pays the verifier the Brier score of its confidence.',
  options: z.strictObject({}),
  create: () => ({
    name: 'brier',
    earner: 'verifier',
    teller: 'verifier',
    range: [0, 1],
    gate: false,
    closedGate: 0,
    turns: (facts) => facts.judgements,
    formula(facts, turn, evidence) {
      const judgement = facts.judgements.find((one) => one.turn === turn.turn);
      const attempt = facts.attempts.find((one) => one.turn === turn.turn);
      const outcome = attempt && evidence.value('outcome', attempt);
      return judgement && outcome !== undefined ? brierReward(judgement.confidence, outcome) : undefined;
    },
  }),
});
