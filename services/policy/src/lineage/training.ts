import type { Batch, Candidate, TrainingStats } from '@redqueen/contract';
import { lineageOf } from '../lineages/index.ts';
import { release, refuse } from './release.ts';
import { progressOf } from './schedule.ts';
import type { FreshPart } from './staleness.ts';
import {
  agentOf,
  lastConsumed,
  settingsOf,
  unmeasured,
  versionOf,
  withAgent,
  withVersion,
  type AgentState,
  type Files,
  type PolicyState,
  type RunPlan,
  type Version,
} from './state.ts';
import { quiet, type Step } from './step.ts';
import { anchorTell, candidateTell } from './tells.ts';

/** Largest canary difference at which a version may be served. */
export const maxCanaryDifference = 1e-3;

/** What an update was made with. */
interface Training extends FreshPart {
  readonly agent: string;
  readonly learningRate: number;
}

/** What became of turning the weights in training into a version. */
export type Publication =
  /** The weights are those of the current version to the last bit. */
  | { readonly kind: 'unchanged' }
  /** Stored and loaded. */
  | { readonly kind: 'loaded'; readonly files: Files; readonly canaryDifference: number }
  /** The device will not serve them. */
  | { readonly kind: 'rejected'; readonly files: Files; readonly problem: string };

/** Version 0 exists: it is measured on the gate anchors, or released at once where the recipe has no gate. */
export function created(plan: RunPlan, state: PolicyState, name: string, files: Files): Step {
  const agent = agentOf(state, name);
  const version: Version = { ...versionOf(agent, 0), files };
  if (!lineageOf(plan.recipe, plan.plugins).measures) return release(state, agent, version);
  const measuring = withVersion({ ...agent, phase: 'measuring' }, version);
  return { state: withAgent(state, measuring), tells: [anchorTell(plan, measuring, 0)] };
}

/** The first waiting batch was trained on, as far as the action says; `stats` is absent where nothing was computed. */
export function trained(state: PolicyState, { agent: name, batch, stale, learningRate }: Training, stats: TrainingStats | undefined): Step {
  const agent = agentOf(state, name);
  const [first, ...pending] = agent.pending;
  if (!first) return quiet(state);
  const counted = { batch, learningRate, ...(stale > 0 && { stale }) };
  const done = stats ? { ...counted, stats: withOwnMismatch(agent, batch, stats) } : counted;
  return quiet(withAgent(state, { ...agent, pending, uncommitted: [...agent.uncommitted, done], updates: agent.updates + 1 }));
}

/** Trainer and sampler can only be compared where the weights in training are those that sampled: in the first update after a release. */
function withOwnMismatch(agent: AgentState, batch: Batch, stats: TrainingStats): TrainingStats {
  const sampledByCurrent = batch.groups.every((group) => agent.versions[group.version]?.source === versionOf(agent, agent.current).source);
  return agent.uncommitted.length === 0 && sampledByCurrent ? stats : { ...stats, logProbMismatch: 0 };
}

/** Whether the agent's next version is its last: an executor's, once its updates or the run's tokens are used up. */
export function isEnding(plan: RunPlan, state: PolicyState, agent: AgentState): boolean {
  return agent.role === 'executor' && progressOf(plan, state, agent) >= 1;
}

/** Whether enough was trained for the next version. */
export function versionIsDue(plan: RunPlan, state: PolicyState, agent: AgentState): boolean {
  return agent.uncommitted.length >= settingsOf(plan, agent).updatesPerVersion || isEnding(plan, state, agent);
}

/** The updates since the last commit become a version: a candidate at the gate, or released or refused on the spot. */
export function published(plan: RunPlan, state: PolicyState, name: string, outcome: Publication): Step {
  const agent = agentOf(state, name);
  if (outcome.kind === 'unchanged') return releaseUnchanged(plan, state, agent);
  const version = { ...nextVersion(plan, state, agent), files: outcome.files };
  if (outcome.kind === 'rejected') return rejectCandidate(state, agent, version, outcome.problem, 0);
  const { canaryDifference } = outcome;
  if (!(canaryDifference <= maxCanaryDifference)) {
    const problem = `canary: log-probs under stock llama.cpp differ by ${canaryDifference.toPrecision(3)}, more than ${maxCanaryDifference}`;
    return rejectCandidate(state, agent, version, problem, canaryDifference);
  }
  const candidate = candidateTell(agent, version, canaryDifference);
  const committed = { ...agent, uncommitted: [] };
  if (lineageOf(plan.recipe, plan.plugins).measures) {
    const atGate = withVersion({ ...committed, phase: 'gate' }, version);
    return { state: withAgent(state, atGate), tells: [candidate, anchorTell(plan, atGate, version.number)] };
  }
  const step = release(state, committed, { ...version, reason: 'no-gate' });
  return { state: step.state, tells: [candidate, ...step.tells] };
}

function nextVersion(plan: RunPlan, state: PolicyState, agent: AgentState): Version {
  const number = agent.versions.length;
  return {
    ...unmeasured,
    number,
    status: 'candidate',
    source: number,
    parent: agent.current,
    reason: '',
    updates: agent.updates,
    consumedBatches: lastConsumed(agent),
    cause: '',
    last: isEnding(plan, state, agent),
  };
}

/**
 * Updates that changed no weight (a learning rate of 0, a role that does not train, no signal in any batch) still count as a version, because
 * the capacity rule and the end of the run count versions. It has its parent's adapter and figures, and nothing is measured.
 * The device's moments go back to the committed ones, so that a crash makes no difference.
 */
function releaseUnchanged(plan: RunPlan, state: PolicyState, agent: AgentState): Step {
  const { source, files, passed, losses, anchorsHash, figures, arms } = versionOf(agent, agent.current);
  const measured = { passed, losses, anchorsHash, figures, arms, ...(files && { files }) };
  const version: Version = { ...nextVersion(plan, state, agent), ...measured, source, reason: 'unchanged' };
  const computed = agent.uncommitted.some((update) => update.stats);
  return release(state, { ...agent, uncommitted: [], rewind: computed }, version);
}

function rejectCandidate(state: PolicyState, agent: AgentState, version: Version, problem: string, canaryDifference: number): Step {
  const candidate = candidateTell(agent, version, canaryDifference);
  const step = refuse(state, agent, { ...version, reason: problem });
  return { state: step.state, tells: [candidate, ...step.tells] };
}

/**
 * The stream's own record of a commit. It differs from the state only where a crash made training be done again and the device did not
 * compute the very same bits: then the recorded files hold, and what was trained since waits again.
 */
export function commitRecorded(state: PolicyState, candidate: Candidate): Step {
  const agent = agentOf(state, candidate.agent);
  const version = agent.versions[candidate.version];
  if (!version?.files || version.status === 'refused' || version.files.adapter === candidate.adapterHash) return quiet(state);
  const files: Files = { adapter: candidate.adapterHash, optimizer: candidate.optimizerHash };
  const again = agent.uncommitted.map((update) => update.batch);
  const next = withVersion(
    { ...agent, rewind: true, uncommitted: [], pending: [...again, ...agent.pending], updates: agent.updates - again.length },
    { ...version, files },
  );
  return quiet(withAgent(state, next));
}
