import { definePlugin } from '@redqueen/core';
import { z } from 'zod';
import { formOf } from './attempts.ts';

const options = z.strictObject({
  /** What an answer earns that can be read. */
  format: z.number().min(0).max(1).default(0.2),
  /** What a right one earns on top. */
  correct: z.number().min(0).max(1).default(0.8),
});

/** 0 for an answer that cannot be read, else format + correct · outcome: what comes later counts only once what comes before has passed. */
export function stagedReward(readable: boolean, outcome: number, format: number, correct: number): number {
  return readable ? format + correct * outcome : 0;
}

/** Executor: progressive reward shaping. First the form, then the answer: a policy that cannot yet answer learns to be read. */
export const staged = definePlugin({
  kind: 'reward-term',
  name: 'staged',
  source:
    'Zhuang et al. 2025 (PRS + VSPO, arXiv 2512.07478), progressive reward shaping; lexicographic with 0.2 for the form and 0.8 for the answer is our form',
  about: 'Pays the executor for the form of an answer first, and for a right one once the form passes.',
  options,
  create: ({ format, correct }) => ({
    name: 'staged',
    earner: 'executor',
    teller: undefined,
    range: [0, 2],
    gate: false,
    closedGate: 0,
    turns: (facts) => facts.attempts,
    formula(facts, turn, evidence) {
      const form = formOf(facts, turn);
      const outcome = evidence.value('outcome', turn);
      return form && outcome !== undefined ? stagedReward(form === 'ok', outcome, format, correct) : undefined;
    },
  }),
});
