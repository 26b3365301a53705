import type { BatchInput, TrainingGroupInput } from '@redqueen/contract';
import { mean, type CreditGroup } from '@redqueen/core';
import { spanOf } from '../fold/packed-group.ts';
import type { RoleRules, Rules } from '../rules.ts';
import { creditGroupOf, taughtBatch } from './credit-group.ts';
import type { Pool, Unit } from './pool.ts';

function byId(a: Unit, b: Unit): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** A unit as the trainer gets it: every token that was sampled has its sample's advantage. */
function trainingGroup(unit: Unit, { advantages = [], tags }: CreditGroup): TrainingGroupInput {
  const { group } = unit;
  return {
    episodeId: unit.id,
    promptTokens: [...group.prompt],
    version: group.version,
    ...(unit.solveRate !== undefined && { solveRate: unit.solveRate }),
    ...(tags?.clipHigh !== undefined && { clipHigh: tags.clipHigh }),
    samples: unit.samples.map((sample, index) => {
      const span = spanOf(group, sample);
      const tokens = [...group.tokens.subarray(...span)];
      const given = group.given ? Array.from(group.given.subarray(...span), Boolean) : [];
      const oldLogProbs = [...group.logProbs.subarray(...span)];
      return { tokens, oldLogProbs, advantages: tokens.map((_, token) => (given[token] ? 0 : (advantages[index] ?? 0))), given };
    }),
  };
}

/** Whether a group carries a signal. */
function teaches({ advantages }: CreditGroup): boolean {
  return advantages?.some((advantage) => advantage !== 0) === true;
}

/** Declared knobs that were turned, by name. */
type Knobs = Readonly<Record<string, number>>;

/**
 * The batch that the units make, sorted by id so that it does not depend on the order in which they were settled.
 * Units without samples fill the batch and carry no signal.
 */
export function assemble(rules: Rules, role: RoleRules, pool: Pool, taken: readonly Unit[], knobs: Knobs = {}): BatchInput {
  const units = taken.toSorted(byId);
  const teaching = units.filter((unit) => unit.samples.length > 0);
  const totals = taughtBatch(rules, role, teaching, pool.number + 1);
  const compared = teaching.map((unit, index) => creditGroupOf(unit, totals[index] ?? []));
  const credit = role.credit.assign(compared, knobs);
  const byUnit = new Map(teaching.map((unit) => [unit.id, unit]));
  const placed = (credit.groups ?? compared).map((group, index) => ({ ...group, advantages: credit.advantages[index] }));
  const groups = placed.filter(teaches).map((group) => trainingGroup(byUnit.get(group.id) as Unit, group));
  const rewards = units.flatMap((unit) => unit.rewards);
  return {
    agent: role.agent,
    number: pool.number + 1,
    groups,
    normaliser: credit.normaliser,
    settlementDigests: [...new Set(units.flatMap((unit) => unit.digests))],
    episodes: units.reduce((sum, unit) => sum + unit.size, 0),
    sampledTokens: units.reduce((sum, unit) => sum + unit.tokens, 0),
    stale: pool.stale,
    refused: pool.refused,
    wasted: units.length - groups.length,
    meanReward: rewards.length > 0 ? mean(rewards) : 0,
  };
}
