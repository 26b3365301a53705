import { definePlugin } from '@redqueen/core';
import { z } from 'zod';

/** World model: the share of the next state's fields that a prediction of an executed step got right. */
export const fieldAccuracy = definePlugin({
  kind: 'reward-term',
  name: 'field-accuracy',
  source: 'verifiable prediction reward: Wu et al. 2025 (RLVR-World), by field',
  about: 'Pays the world model the share of an outcome’s fields that it predicted.',
  options: z.strictObject({}),
  create: () => ({
    name: 'field-accuracy',
    earner: 'world-model',
    teller: 'world-model',
    range: [0, 1],
    gate: false,
    closedGate: 0,
    turns: (facts) => facts.predictions,
    formula: () => undefined,
  }),
});
