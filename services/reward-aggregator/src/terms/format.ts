import { definePlugin, type AnswerForm } from '@redqueen/core';
import { z } from 'zod';
import { formOf } from './attempts.ts';

/** 1 for an answer that ended and can be read, ½ for one that ended and cannot, 0 for one that never ended. */
export function formatOf(form: AnswerForm): number {
  return { ok: 1, malformed: 0.5, truncated: 0 }[form];
}

const options = z.strictObject({
  /** Whether only 1 and 0 are told apart: can be read, cannot. */
  strict: z.boolean().default(true),
});

/** Executor: the form of an answer, whatever it says. Follows from how the attempt ended. */
export const format = definePlugin({
  kind: 'reward-term',
  name: 'format',
  source: 'format reward of MAE (2510.23595): 1, ½ or 0; strict as in R-Zero (2508.05004)',
  about: 'Pays the executor for an answer that can be read.',
  options,
  create: ({ strict }) => ({
    name: 'format',
    earner: 'executor',
    teller: undefined,
    range: [0, 1],
    gate: false,
    closedGate: 0,
    turns: (facts) => facts.attempts,
    formula(facts, turn) {
      const form = formOf(facts, turn);
      return form && (strict ? Number(form === 'ok') : formatOf(form));
    },
  }),
});
