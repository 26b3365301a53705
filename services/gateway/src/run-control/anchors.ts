import type { BodyInput } from '@redqueen/contract';
import { agentsOf, type Recipe, type RunRecord } from '@redqueen/core';
import { anchorIdOf, type AnchorRequest } from '../projection/held-out.ts';
import type { Projection } from '../projection/projection.ts';

/** The agents whose held-out figures are reported: all of the recipe. */
export function reportedAgents(recipe: Recipe): string[] {
  return agentsOf(recipe).map(({ agent }) => agent);
}

/** How long an answer may take before the question is asked again. */
const anchorPatienceMs = 180_000;
/** How often one question is asked before the run fails. */
const anchorTries = 3;

/** Who gets the answers. */
const gateway = { role: 'gateway', key: '0' };

/** An anchor task that is to be told to the agent's actor. */
export interface AnchorTell {
  readonly id: string;
  readonly agent: string;
  readonly body: BodyInput<'anchorTask'>;
}

/** What is to be done about one point of one agent. */
export type AnchorState = 'answered' | 'waiting' | 'lost' | AnchorTell;

function tellOf(record: RunRecord, projection: Projection, point: string, agent: string): AnchorTell {
  const version = point.startsWith('start') ? 0 : Math.max(0, projection.lineages.agents.get(agent)?.version ?? 0);
  const id = anchorIdOf(record.run, point, agent);
  const { perArm, samples } = record.recipe.report;
  const purpose = record.recipe.report.split === 'develop' ? ('ANCHOR_PURPOSE_DEVELOP' as const) : ('ANCHOR_PURPOSE_REPORT' as const);
  return {
    id,
    agent,
    body: { anchorId: id, agent, version, purpose, perArm, sampled: true, samples, replyTo: gateway },
  };
}

/** "start.2" is the second time that "start" was asked. */
function asked(projection: Projection, point: string, agent: string): AnchorRequest[] {
  return [...projection.heldOut.requests.values()].filter((request) => request.agent === agent && request.point.split('.')[0] === point);
}

/** How the question about an agent at a point stands: answered, under way, to be asked (again), or lost for good. */
export function anchorState(record: RunRecord, projection: Projection, point: string, agent: string, now: number): AnchorState {
  const requests = asked(projection, point, agent);
  if (requests.some(({ answered }) => answered)) return 'answered';
  const newest = requests.at(-1);
  if (!newest) return tellOf(record, projection, point, agent);
  if (now - newest.askedAt < anchorPatienceMs) return 'waiting';
  return requests.length >= anchorTries ? 'lost' : tellOf(record, projection, `${point}.${requests.length + 1}`, agent);
}

/** Agents that have a version, so that they can be measured. */
export function measurableAgents(recipe: Recipe, projection: Projection): string[] {
  return reportedAgents(recipe).filter((agent) => (projection.lineages.agents.get(agent)?.version ?? -1) >= 0);
}

/**
 * The looks that are due while the run goes on: every `report.everySeconds` after the last look, of each agent whose released version was not
 * measured yet. None while answers are outstanding, so that slow anchors never pile up.
 */
export function periodicAnchors(record: RunRecord, projection: Projection, now: number): AnchorTell[] {
  const requests = [...projection.heldOut.requests.values()];
  const newest = requests.at(-1);
  if (!newest || now - newest.askedAt < record.recipe.report.everySeconds * 1000) return [];
  if (requests.some((request) => !request.answered && now - request.askedAt < anchorPatienceMs)) return [];
  const numbers = requests.map(({ point }) => Number.parseInt(point, 10)).filter(Number.isFinite);
  const point = String(Math.max(0, ...numbers) + 1);
  const stale = (agent: string) => {
    const version = projection.lineages.agents.get(agent)?.version ?? 0;
    return !requests.some((request) => request.agent === agent && request.answered && request.version === version);
  };
  return measurableAgents(record.recipe, projection)
    .filter(stale)
    .map((agent) => tellOf(record, projection, point, agent));
}
