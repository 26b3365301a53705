import type { Message } from '@redqueen/contract';
import { movingAverage, type RewardReport } from '@redqueen/core';
import { curvePoints, emptyCurve, extendCurve, type Curve } from './curve.ts';

/** Rewards of one agent under one term. */
export interface TermRewards {
  agent: string;
  term: string;
  count: number;
  sum: number;
  average: number;
  curve: Curve;
}

/** By agent and term. */
export type RewardsByTerm = Map<string, TermRewards>;

/** Weight of one reward in the moving mean: about the newest 2000 count, which smooths over one change of focus. */
const rate = 1 / 2000;

function termOf(rewards: RewardsByTerm, agent: string, term: string): TermRewards {
  const key = `${agent} ${term}`;
  let entry = rewards.get(key);
  if (!entry) {
    entry = { agent, term, count: 0, sum: 0, average: 0, curve: emptyCurve() };
    rewards.set(key, entry);
  }
  return entry;
}

/** Folds one message in. Values that are not finite are skipped: the aggregator refuses them too. */
export function foldRewards(rewards: RewardsByTerm, message: Message, seconds: number): void {
  if (message.kind !== 'rewards') return;
  const touched = new Set<TermRewards>();
  for (const { agent, term, value } of message.body.rewards) {
    if (!Number.isFinite(value)) continue;
    const entry = termOf(rewards, agent, term);
    entry.count++;
    entry.sum += value;
    // The first values weigh more, so that the curve does not crawl up from zero.
    entry.average = movingAverage(entry.average, value, Math.max(rate, 1 / entry.count));
    touched.add(entry);
  }
  for (const entry of touched) extendCurve(entry.curve, seconds, entry.average);
}

/** The rewards' part of the report, by agent and term. */
export function rewardReports(rewards: RewardsByTerm): RewardReport[] {
  return [...rewards.values()]
    .map(({ agent, term, count, sum, curve }) => ({ agent, term, count, mean: count === 0 ? 0 : sum / count, curve: curvePoints(curve) }))
    .sort((a, b) => a.agent.localeCompare(b.agent) || a.term.localeCompare(b.term));
}
