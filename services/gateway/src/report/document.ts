import { agentsOfRole, type CostReport, type DeadLetterReport, type HeldOutRow, type RunRecord, type RunReport } from '@redqueen/core';
import { withIdle } from '../cost/idle.ts';
import { benchReport } from '../monitors/bench.ts';
import { crossPlayReport } from '../projection/cross-play.ts';
import { exampleEpisode } from '../projection/episodes.ts';
import { focusOf, frontierCells } from '../projection/frontier.ts';
import { agentReport, type AgentLineage } from '../projection/lineages.ts';
import { elapsedSeconds, type Projection } from '../projection/projection.ts';
import { rewardReports } from '../projection/rewards.ts';
import { stalenessReport } from '../projection/staleness.ts';
import { tallyReport } from '../projection/tallies.ts';
import { heldOutRows } from './held-out-table.ts';

/** What a report holds beyond what the stream tells. */
export interface ReportExtras {
  readonly cost: Omit<CostReport, 'firstUpdateSeconds'>;
  readonly deadLetters: readonly DeadLetterReport[];
}

/** The agent whose held-out accuracy the map of levels shows. */
const executorAgent = 'executor/0';

const roleOrder = ['executor', 'proposer', 'verifier', 'world-model'];

function rank(agent: string): number {
  const index = roleOrder.indexOf(agent.split('/')[0] ?? '');
  return index < 0 ? roleOrder.length : index;
}

function agentsOf(projection: Projection): AgentLineage[] {
  return [...projection.lineages.agents.values()].sort((a, b) => rank(a.agent) - rank(b.agent) || a.agent.localeCompare(b.agent));
}

/** Updates made by the executor that has made the fewest, never more than the run has. */
export function updatesDone(projection: Projection, record: RunRecord): number {
  const made = agentsOfRole(record.recipe, 'executor').map((agent) => projection.lineages.agents.get(agent)?.updates ?? 0);
  return Math.min(record.updates, ...made);
}

const iso = (time: number | undefined): string => (time === undefined ? '' : new Date(time).toISOString());

/** The report of a run as far as its projection goes. Pure. */
export function reportOf(record: RunRecord, projection: Projection, extras: ReportExtras): RunReport {
  const looksOf = (agent: string) => projection.heldOut.looks.get(agent) ?? [];
  const agents = agentsOf(projection);
  const heldOut: HeldOutRow[] = agents.flatMap(({ agent }) => heldOutRows(record.recipe, agent, looksOf(agent)));
  const first = projection.lineages.firstUpdateSeconds;
  const episode = exampleEpisode(projection.episodes);
  const crossPlay = crossPlayReport(projection.crossPlay);
  return {
    format: 1,
    run: record.run,
    recipe: record.recipe.name,
    description: record.recipe.description,
    seed: record.seed,
    status: record.status,
    error: record.error ?? '',
    updates: record.updates,
    updatesDone: updatesDone(projection, record),
    startedAt: iso(record.startedAt),
    endedAt: iso(record.endedAt),
    elapsedSeconds: elapsedSeconds(projection),
    messages: projection.messages,
    heldOut,
    agents: agents.map((lineage) => agentReport(lineage, looksOf(lineage.agent))),
    rewards: rewardReports(projection.rewards),
    monitors: benchReport(projection.monitors),
    frontier: frontierCells(projection.frontier, looksOf(executorAgent)),
    focus: focusOf(projection.frontier),
    staleness: stalenessReport(projection.staleness),
    ...tallyReport(projection.tallies),
    cost: {
      ...extras.cost,
      ...(extras.cost.device && { device: withIdle(extras.cost.device, elapsedSeconds(projection)) }),
      ...(first === undefined ? {} : { firstUpdateSeconds: first }),
    },
    deadLetters: extras.deadLetters,
    ...(episode ? { episode } : {}),
    ...(crossPlay ? { crossPlay } : {}),
    notes: projection.controls.notes,
  };
}
