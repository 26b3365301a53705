import { RedQueenError } from '@redqueen/core';
import { refuse, release } from './release.ts';
import { keepsOptimizer, keptVersions } from './retention.ts';
import {
  agentOf,
  lastConsumed,
  newestOf,
  withAgent,
  withVersion,
  type AgentState,
  type PolicyState,
  type RunPlan,
  type Version,
} from './state.ts';
import { quiet, type Step } from './step.ts';

/** What an operator asks for: the adapter of an earlier version becomes a new version, and training goes on from there. */
export interface Reinstatement {
  /** Back to a released version, or on to an archived one (a refused candidate, or a version that was rolled back). */
  readonly command: 'rollback' | 'promote';
  readonly agent: string;
  readonly version: number;
  /** Id of the message that asks. */
  readonly cause: string;
}

/**
 * The version that is to be reinstated. Throws `not_found` for an unknown agent or version, naming those that are kept, and `failed_precondition`
 * before the run has measured version 0, for the current version, and for a rollback to a version that was never released.
 */
export function reinstatable(plan: RunPlan, state: PolicyState, request: Omit<Reinstatement, 'cause'>): Version {
  const agent = agentOf(state, request.agent);
  if (agent.phase === 'creating' || agent.phase === 'measuring') {
    throw new RedQueenError('failed_precondition', `${agent.agent} is still being measured; try again once version 0 is released`);
  }
  const kept = keptVersions(agent, plan.recipe.maxStaleness);
  const version = agent.versions[request.version];
  if (!version?.files || !kept.has(version.number)) {
    const known = [...kept].sort((a, b) => a - b).join(', ');
    throw new RedQueenError('not_found', `version ${request.version} of ${agent.agent} is not kept; kept versions are ${known}`);
  }
  if (version.number === agent.current) {
    throw new RedQueenError('failed_precondition', `version ${version.number} is the current version of ${agent.agent} already`);
  }
  if (request.command === 'rollback' && version.status !== 'released') {
    throw new RedQueenError(
      'failed_precondition',
      `version ${version.number} of ${agent.agent} was never released; promote makes an archived version the current one`,
    );
  }
  return version;
}

/**
 * Takes up a rollback or promotion: a candidate at the gate is refused, what is not committed is undone, and a new version waits for its files.
 * The same request again changes nothing. Throws like `reinstatable`.
 */
export function reinstatementAsked(plan: RunPlan, state: PolicyState, request: Reinstatement): Step {
  if (agentOf(state, request.agent).versions.some((version) => version.cause === request.cause)) return quiet(state);
  const target = reinstatable(plan, state, request);
  const why = `${request.command} to version ${target.number}`;
  const cleared = clearGate(state, agentOf(state, request.agent), why);
  const agent = agentOf(cleared.state, request.agent);
  const version: Version = {
    ...target,
    number: agent.versions.length,
    status: 'reinstating',
    parent: target.number,
    files: filesToGoOnFrom(agent, target),
    reason: request.command,
    updates: agent.updates,
    consumedBatches: lastConsumed(agent),
    cause: request.cause,
    last: agent.role === 'executor' && agent.phase === 'finished',
  };
  return { state: withAgent(cleared.state, withVersion({ ...agent, uncommitted: [], rewind: false }, version)), tells: cleared.tells };
}

function clearGate(state: PolicyState, agent: AgentState, why: string): Step {
  return agent.phase === 'gate' ? refuse(state, agent, { ...newestOf(agent), reason: why }) : quiet(state);
}

function filesToGoOnFrom(agent: AgentState, target: Version): NonNullable<Version['files']> {
  const first = agent.versions[0]?.files;
  if (!target.files || !first) throw new RedQueenError('internal', `${agent.agent} has no files of version ${target.number} or 0`);
  return keepsOptimizer(agent, target.number) ? target.files : { adapter: target.files.adapter, optimizer: first.optimizer };
}

/** What came of loading the files of a reinstated version: nothing, or why they cannot be used. */
export function reinstated(state: PolicyState, name: string, problem: string | undefined): Step {
  const agent = agentOf(state, name);
  const version = newestOf(agent);
  if (problem === undefined) return release(state, agent, version);
  return refuse(state, agent, { ...version, reason: `${version.reason} to version ${version.parent}: ${problem}` });
}
