import { definePlugin } from '@redqueen/core';
import { z } from 'zod';

/** Executor: 1 for a right answer, 0 for a wrong one, as the verifier's truth side says; environments with partial credit lie between. */
export const outcome = definePlugin({
  kind: 'reward-term',
  name: 'outcome',
  source: 'verifiable outcome reward: Lambert et al. 2024 (Tülu 3, RLVR)',
  about: 'Pays the executor 1 for a right answer and 0 for a wrong one.',
  options: z.strictObject({}),
  create: () => ({
    name: 'outcome',
    earner: 'executor',
    teller: 'verifier',
    range: [0, 1],
    gate: false,
    closedGate: 0,
    turns: (facts) => facts.attempts,
    formula: () => undefined,
  }),
});
