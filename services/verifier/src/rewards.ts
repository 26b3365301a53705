import { agents, type Earned } from '@redqueen/runtime';
import type { Outcome } from './outcomes.ts';
import type { Opinion } from './verifiers/index.ts';

/** An attempt with what the model thinks of it. */
export interface Judged {
  readonly outcome: Outcome;
  readonly opinion: Opinion;
}

/** Executor: 1 for a right answer, 0 for a wrong one. Turn: the attempt. */
export function outcomeRewards(outcomes: readonly Outcome[]): Earned[] {
  return outcomes.map(({ attempt, answer, finished, right }) => {
    const verdict = right ? 'right' : finished ? 'wrong' : 'did not end or cannot be read';
    return {
      agent: agents.executor,
      turn: attempt,
      term: 'outcome',
      value: right ? 1 : 0,
      evidence: `${JSON.stringify(answer)} ${verdict}`,
    };
  });
}

/** Proposer: 4p(1 − p), p being the share of right attempts among those that carry reward. Turn: the proposal. None where no attempt carries reward. */
export function learnabilityRewards(proposal: number, outcomes: readonly Outcome[]): Earned[] {
  if (outcomes.length === 0) return [];
  const solved = outcomes.filter(({ right }) => right).length;
  const rate = solved / outcomes.length;
  const evidence = `${solved} of ${outcomes.length} attempts right`;
  return [{ agent: agents.proposer, turn: proposal, term: 'learnability', value: 4 * rate * (1 - rate), evidence }];
}

/** Verifier: 1 − (c − o)², c being its confidence and o the outcome that it did not see. Turn: the attempt. */
export function brierRewards(judged: readonly Judged[]): Earned[] {
  return judged.map(({ outcome, opinion }) => {
    const o = outcome.right ? 1 : 0;
    const value = 1 - (opinion.confidence - o) ** 2;
    return { agent: agents.verifier, turn: outcome.attempt, term: 'brier', value, evidence: `o=${o} c=${opinion.confidence.toFixed(4)}` };
  });
}
