import type { BatchInput, TrainingGroupInput } from '@redqueen/contract';
import { mean } from '@redqueen/core';
import { spanOf } from '../fold/packed-group.ts';
import type { RoleRules, Rules } from '../rules.ts';
import { creditGroupOf, taughtBatch } from './credit-group.ts';
import type { Pool, Unit } from './pool.ts';

function byId(a: Unit, b: Unit): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** A unit as the trainer gets it: every token of a sample has the sample's advantage. */
function trainingGroup(unit: Unit, advantages: readonly number[]): TrainingGroupInput {
  const { group } = unit;
  return {
    episodeId: unit.id,
    promptTokens: [...group.prompt],
    version: group.version,
    samples: unit.samples.map((sample, index) => {
      const span = spanOf(group, sample);
      const tokens = [...group.tokens.subarray(...span)];
      return { tokens, oldLogProbs: [...group.logProbs.subarray(...span)], advantages: tokens.map(() => advantages[index] ?? 0) };
    }),
  };
}

/**
 * The batch that the units make, sorted by id so that it does not depend on the order in which they were settled.
 * Units without samples fill the batch and carry no signal.
 */
export function assemble(rules: Rules, role: RoleRules, pool: Pool, taken: readonly Unit[]): BatchInput {
  const units = taken.toSorted(byId);
  const teaching = units.filter((unit) => unit.samples.length > 0);
  const totals = taughtBatch(rules, role, teaching, pool.number + 1);
  const credit = role.credit.assign(teaching.map((unit, index) => creditGroupOf(unit, totals[index] ?? [])));
  const groups: TrainingGroupInput[] = [];
  for (const [index, unit] of teaching.entries()) {
    const advantages = credit.advantages[index];
    if (advantages?.some((advantage) => advantage !== 0)) groups.push(trainingGroup(unit, advantages));
  }
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
    meanReward: rewards.length > 0 ? mean(rewards) : 0,
  };
}
