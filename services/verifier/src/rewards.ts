import type { Opinion } from '@redqueen/core';
import { agents, type Earned } from '@redqueen/runtime';
import type { Outcome } from './outcomes.ts';

/** An attempt with what the model thinks of it. */
export interface Judged {
  readonly outcome: Outcome;
  readonly opinion: Opinion;
}

function verdictText(decider: string, { answer, finished, right, confidence }: Outcome): string {
  const verdict = right ? 'right' : finished ? 'wrong' : 'did not end or cannot be read';
  return `${JSON.stringify(answer)} ${verdict}${decider === 'truth' ? '' : ` by ${decider}, confidence ${confidence.toFixed(4)}`}`;
}

/** Executor: what each attempt is worth, 1 for right and 0 for wrong. Turn: the attempt. `decider` is the verifier that said so. */
export function outcomeRewards(decider: string, outcomes: readonly Outcome[], agent: string = agents.executor): Earned[] {
  return outcomes.map((outcome) => ({
    agent,
    turn: outcome.attempt,
    term: 'outcome',
    value: outcome.value,
    evidence: verdictText(decider, outcome),
  }));
}

/** Proposer: 4p(1 − p), p being the mean outcome of the attempts that carry reward. Turn: the proposal. None where no attempt carries reward. */
export function learnabilityRewards(proposal: number, outcomes: readonly Outcome[]): Earned[] {
  if (outcomes.length === 0) return [];
  let solved = 0;
  for (const { value } of outcomes) solved += value;
  const rate = solved / outcomes.length;
  const evidence = `${Number(solved.toFixed(4))} of ${outcomes.length} attempts right`;
  return [{ agent: agents.proposer, turn: proposal, term: 'learnability', value: 4 * rate * (1 - rate), evidence }];
}

/** Verifier: 1 − (c − o)², c being its confidence and o the outcome that it did not see. Turn: the attempt. */
export function brierRewards(judged: readonly Judged[]): Earned[] {
  return judged.map(({ outcome, opinion }) => {
    const o = outcome.value;
    const value = 1 - (opinion.confidence - o) ** 2;
    return { agent: agents.verifier, turn: outcome.attempt, term: 'brier', value, evidence: `o=${o} c=${opinion.confidence.toFixed(4)}` };
  });
}
