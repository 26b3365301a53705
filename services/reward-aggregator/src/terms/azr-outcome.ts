import { definePlugin, type AnswerForm } from '@redqueen/core';
import { z } from 'zod';
import { formOf } from './attempts.ts';

/** The outcome where it is above 0; −½ for an answer that can be read and is wrong; −1 for one that cannot be read. */
export function azrOutcome(form: AnswerForm, outcome: number): number {
  if (form !== 'ok') return -1;
  return outcome > 0 ? outcome : -0.5;
}

/** Executor: the outcome as Absolute Zero maps it, so that no answer is as bad as none. */
export const azrOutcomeTerm = definePlugin({
  kind: 'reward-term',
  name: 'azr-outcome',
  source: 'Zhao et al. 2025 (Absolute Zero, 2505.03335), solver reward of the released code',
  about: 'Pays the executor its outcome, −½ for a wrong answer and −1 for one that cannot be read.',
  options: z.strictObject({}),
  create: () => ({
    name: 'azr-outcome',
    earner: 'executor',
    teller: undefined,
    range: [-1, 1],
    gate: false,
    closedGate: 0,
    turns: (facts) => facts.attempts,
    formula(facts, turn, evidence) {
      const form = formOf(facts, turn);
      const outcome = evidence.value('outcome', turn);
      return form && outcome !== undefined ? azrOutcome(form, outcome) : undefined;
    },
  }),
});
