import { definePlugin, repetitionOptions } from '@redqueen/core';

/**
 * Proposer: by copies min(1, copies / 2), where copies counts the same task elsewhere in the slot and among the last 512 proposals; by clusters the share
 * of the slot and of the newest proposals before it that are like the task. Only the proposer remembers those, so it tells the value, as the options say;
 * a recipe gives it a negative weight.
 */
export const repetition = definePlugin({
  kind: 'reward-term',
  name: 'repetition',
  source: 'repetition penalty of R-Zero (2508.05004) and Agent0 (2511.16043): BLEU clusters, average linkage, 0.5; exact copies are ours',
  about: 'Measures how often the proposer has proposed the same task; weighed negatively.',
  options: repetitionOptions,
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
