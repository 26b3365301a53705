import { randomOf, shuffled, type CreditGroup, type Random } from '@redqueen/core';
import { sampledTokens, spanOf, type PackedGroup } from '../fold/packed-group.ts';
import type { RoleRules, Rules } from '../rules.ts';
import type { Unit } from './pool.ts';

/** Two samples of a group are the same answer where their tokens are the same. */
function answerOf(group: PackedGroup, start: number, end: number): string {
  return group.tokens.subarray(start, end).join(' ');
}

/** A unit as a credit assigner sees it, with the totals given. */
export function creditGroupOf(unit: Unit, totals: readonly number[]): CreditGroup {
  const samples = unit.samples.map((sample, index) => {
    const [start, end] = spanOf(unit.group, sample);
    let logProbability = 0;
    for (let token = start; token < end; token++) logProbability += unit.group.logProbs[token] ?? 0;
    return {
      total: totals[index] ?? 0,
      tokens: sampledTokens(unit.group, sample),
      logProbability,
      answer: answerOf(unit.group, start, end),
    };
  });
  return { id: unit.id, samples, ...(unit.solveRate !== undefined && { tags: { solveRate: unit.solveRate } }) };
}

/** Whether the role's turns are compared across the whole batch: the verifier's two labels are no turns of one episode. */
export function comparesAcrossBatch(role: RoleRules): boolean {
  return role.role === 'verifier';
}

/**
 * The unit's totals as they may teach: the true ones, or for the control arm permuted among the turns that they are compared with.
 * A permutation keeps every mean and deviation and takes away only what a reward says of its own turn.
 */
export function taughtTotals(rules: Rules, role: RoleRules, unit: Unit): readonly number[] {
  if (!rules.shuffled || comparesAcrossBatch(role)) return unit.totals;
  return shuffled(randomOf(rules.seed, 'reward-control', role.agent, unit.id), unit.totals);
}

/** Whether the agent has peers: its acts are units of one sample each, which nothing but the batch compares. */
function hasPeers(rules: Rules, { role }: RoleRules): boolean {
  return rules.agents.filter((other) => other.role === role).length > 1;
}

/** The totals of all units in a random order, dealt out again. */
function dealtAgain(random: Random, units: readonly Unit[]): number[][] {
  const totals = shuffled(
    random,
    units.flatMap((unit) => unit.totals),
  );
  return units.map((unit) => totals.splice(0, unit.totals.length));
}

/** The totals of a batch's units as they may teach; the verifier's outcomes, and what peers earned, are permuted across the batch. */
export function taughtBatch(rules: Rules, role: RoleRules, units: readonly Unit[], batchNumber: number): (readonly number[])[] {
  const random = randomOf(rules.seed, 'reward-control', role.agent, batchNumber);
  if (rules.shuffled && hasPeers(rules, role)) return dealtAgain(random, units);
  if (!rules.shuffled || !comparesAcrossBatch(role)) return units.map((unit) => taughtTotals(rules, role, unit));
  return shuffled(
    random,
    units.map((unit) => unit.totals),
  );
}
