import type { EpisodeFacts, Evidence } from '@redqueen/core';
import { allSampledTokens, type PackedGroup } from '../fold/packed-group.ts';
import type { OpenEpisode } from '../fold/state.ts';
import type { Totals } from '../fold/totals.ts';
import { solveRateOf } from '../terms/solve-rate.ts';
import type { UnitDraft } from './units.ts';

type TotalOf = ReadonlyMap<number, number>;

function attemptsUnit(episode: OpenEpisode, facts: EpisodeFacts, evidence: Evidence, totalOf: TotalOf): UnitDraft {
  const group = episode.attempts as PackedGroup;
  const solveRate = solveRateOf(facts, evidence);
  const samples = facts.attempts.map(({ turn }) => turn);
  const totals = samples.map((turn) => totalOf.get(turn) ?? 0);
  const rated = solveRate !== undefined && { solveRate };
  return { id: episode.id, size: 0, group, samples, totals, ...rated, rewards: totals, tokens: allSampledTokens(group) };
}

/** An act is compared with nothing of its own prompt: a unit of one sample. */
function actUnits(episode: OpenEpisode, agent: string, totalOf: TotalOf): UnitDraft[] {
  const own = episode.acts.filter((act) => act.agent === agent);
  return own.map(({ turn, group }) => {
    const totals = [totalOf.get(turn) ?? 0];
    return { id: `${episode.id}#${turn}`, size: 0, group, samples: [0], totals, rewards: totals, tokens: allSampledTokens(group) };
  });
}

/**
 * One executor's units in an episode, in the order of its turns: the attempts where it made them, and each of its acts. Together they are one episode of its
 * batch; an executor that took no turn counts the episode without learning of it, so that all peers make the same number of updates.
 */
export function executorUnits(
  episode: OpenEpisode,
  facts: EpisodeFacts,
  evidence: Evidence,
  agent: string,
  totals: Totals | undefined,
): UnitDraft[] {
  const group = episode.attempts;
  if (!group) return [];
  const totalOf = new Map(totals?.turns.map((turn, index) => [turn, totals.totals[index] ?? 0]));
  const solved = totals && episode.attemptedBy === agent ? [attemptsUnit(episode, facts, evidence, totalOf)] : [];
  const units = [...solved, ...actUnits(episode, agent, totalOf)];
  const last = units.pop() ?? { id: episode.id, size: 0, group, samples: [], totals: [], rewards: [], tokens: 0 };
  return [...units, { ...last, size: 1 }];
}
