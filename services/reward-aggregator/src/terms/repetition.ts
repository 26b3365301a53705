import { definePlugin } from '@redqueen/core';
import { z } from 'zod';

/**
 * Proposer: min(1, copies / 2), where copies counts the same task elsewhere in the slot and among the last 512 proposals.
 * Only the proposer remembers those, so it tells the value; a recipe gives it a negative weight.
 */
export const repetition = definePlugin({
  kind: 'reward-term',
  name: 'repetition',
  source: 'repetition penalty of R-Zero (2508.05004), by exact copies instead of BLEU clusters',
  about: 'Measures how often the proposer has proposed the same task; weighed negatively.',
  options: z.strictObject({}),
  create: () => ({
    name: 'repetition',
    earner: 'proposer',
    teller: 'proposer',
    range: [0, 1],
    gate: false,
    closedGate: 0,
    turns: (facts) => (facts.kind === 'task' ? facts.proposals : []),
    formula: () => undefined,
  }),
});
