import { definePlugin, mean, type EpisodeFacts, type Evidence, type Turn } from '@redqueen/core';
import { z } from 'zod';
import { attemptOf } from './attempts.ts';

const options = z.strictObject({
  /** Who earns it: the proposer for tasks that need tools, or the executor for using them. */
  earner: z.enum(['proposer', 'executor']).default('proposer'),
  /** Calls beyond these earn nothing, C. */
  most: z.int().min(1).default(4),
});

/** min(calls, most) / most, in [0, 1]. */
export function toolUseOf(calls: number, most: number): number {
  return Math.min(calls, most) / most;
}

function isRight(evidence: Evidence, attempt: Turn): boolean {
  return (evidence.value('outcome', attempt) ?? 0) >= 0.5;
}

/** An attempt that failed has not shown that its calls were good for anything. */
function ownUse(facts: EpisodeFacts, turn: Turn, evidence: Evidence, most: number): number {
  const attempt = attemptOf(facts, turn);
  return attempt && isRight(evidence, attempt) ? toolUseOf(attempt.toolCalls ?? 0, most) : 0;
}

function taskUse(facts: EpisodeFacts, evidence: Evidence, most: number): number {
  const right = facts.attempts.filter((attempt) => isRight(evidence, attempt));
  return right.length > 0 ? mean(right.map(({ toolCalls = 0 }) => toolUseOf(toolCalls, most))) : 0;
}

/**
 * Tool calls of right attempts, capped, in [0, 1]: for the proposer the mean over the task's right attempts, for the executor the attempt's own.
 * Agent0's 0.05 · min(N, 4) is weight 0.2 of it. Calls are counted in the executor's trace, as the paper says; its code counts them in the proposer's text.
 */
export const toolUse = definePlugin({
  kind: 'reward-term',
  name: 'tool-use',
  source: 'Xia et al. 2025 (Agent0, 2511.16043), tool reward of the paper; counted on successful attempts, where the released code differs',
  about: 'Pays for tool calls in attempts that were right.',
  options,
  create: ({ earner, most }) => ({
    name: 'tool-use',
    earner,
    teller: undefined,
    range: [0, 1],
    gate: false,
    closedGate: 0,
    turns: (facts) => (earner === 'executor' ? facts.attempts : facts.kind === 'task' ? facts.proposals : []),
    formula: (facts, turn, evidence) => (earner === 'executor' ? ownUse(facts, turn, evidence, most) : taskUse(facts, evidence, most)),
  }),
});
