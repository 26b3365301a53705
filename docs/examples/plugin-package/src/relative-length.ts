import { definePlugin, type AttemptTurn, type EpisodeFacts } from '@redqueen/core';
import { z } from 'zod';

/**
 * λ = ½ − (length − shortest) / (longest − shortest) for a right answer, min(0, λ) for a wrong one; 0 where all are equally long.
 * Lengths are those of the task's attempts, in sampled tokens.
 */
export function relativeLengthOf(length: number, lengths: readonly number[], right: boolean): number {
  const [shortest, longest] = [Math.min(...lengths), Math.max(...lengths)];
  if (shortest === longest) return 0;
  const lambda = 0.5 - (length - shortest) / (longest - shortest);
  return right ? lambda : Math.min(0, lambda);
}

const lengthOf = ({ tokens }: AttemptTurn): number => tokens ?? 0;

const attemptOf = (facts: EpisodeFacts, agent: string, turn: number): AttemptTurn | undefined =>
  facts.attempts.find((one) => one.agent === agent && one.turn === turn);

/** Executor: short right answers earn most, long ones of either kind lose. It follows from the facts, so nobody tells it. */
export const relativeLength = definePlugin({
  kind: 'reward-term',
  name: 'relative-length',
  source: 'Kimi Team 2025 (Kimi k1.5, arXiv 2501.12599), section 2.3.3, length penalty',
  about: 'Pays the executor for right answers that are short beside the other attempts at the task.',
  options: z.strictObject({
    /** What the values are multiplied by. */
    scale: z.number().min(0).max(2).default(1),
  }),
  create: ({ scale }) => ({
    name: 'relative-length',
    earner: 'executor',
    teller: undefined,
    range: [-0.5 * scale, 0.5 * scale],
    gate: false,
    closedGate: 0,
    turns: (facts) => facts.attempts,
    formula(facts, { agent, turn }, evidence) {
      const attempt = attemptOf(facts, agent, turn);
      if (!attempt) return undefined;
      const right = (evidence.value('outcome', attempt) ?? 0) > 0.5;
      return scale * relativeLengthOf(lengthOf(attempt), facts.attempts.map(lengthOf), right);
    },
  }),
});
