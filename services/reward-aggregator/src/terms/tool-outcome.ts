import { definePlugin } from '@redqueen/core';
import { z } from 'zod';
import { attemptOf } from './attempts.ts';

/** 1 for a right attempt; −1 for a wrong one, plus 0.1 for each tool call, but never more than −0.6. */
export function toolOutcome(right: boolean, toolCalls: number): number {
  return right ? 1 : Math.min(-0.6, -1 + 0.1 * toolCalls);
}

/**
 * Executor: the outcome in [−1, 1], milder on failing attempts that used tools, so that the first clumsy calls do not put a policy off tools for good.
 * The authors write min(−0.6, −1 + 0.1 · (turns − 2) / 2) with the messages of the conversation as turns: question and answer are two, a call two more.
 * Our form: calls that gave no result do not count, since they would be the cheapest way to the milder punishment.
 */
export const toolOutcomeTerm = definePlugin({
  kind: 'reward-term',
  name: 'tool-outcome',
  source: 'Demystifying reinforcement learning in agentic reasoning, authors’ code Gen-Verse/Open-AgentRL; from ReTool’s recipe in verl',
  about: 'Pays 1 for a right attempt and −1 to −0.6 for a wrong one, the milder the more tools it used.',
  options: z.strictObject({}),
  create: () => ({
    name: 'tool-outcome',
    earner: 'executor',
    teller: undefined,
    range: [-1, 1],
    gate: false,
    closedGate: 0,
    turns: (facts) => facts.attempts,
    formula(facts, turn, evidence) {
      const outcome = evidence.value('outcome', turn);
      const attempt = attemptOf(facts, turn);
      return attempt && outcome !== undefined ? toolOutcome(outcome >= 0.5, attempt.toolCalls ?? 0) : undefined;
    },
  }),
});
