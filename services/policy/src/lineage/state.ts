import type { ArmResult, Batch, Figure, TrainingStats } from '@redqueen/contract';
import { RedQueenError, type AnyPlugin, type Recipe, type RoleSettings, type TrainedRole } from '@redqueen/core';

/** A trainable state as it lies in the object stores: SHA-256 names of the adapter and of the optimizer's moments. */
export interface Files {
  readonly adapter: string;
  readonly optimizer: string;
}

/** One numbered version of an agent. Numbers go up by one and are never used again, whatever becomes of the version. */
export interface Version {
  readonly number: number;
  /** measuring: version 0 before its first gate; reinstating: a rollback or promotion whose files are not loaded yet; candidate: at the gate. */
  readonly status: 'measuring' | 'reinstating' | 'candidate' | 'released' | 'refused';
  /** The version whose weights these are: itself, or an earlier one after a rollback, a promotion, or updates that changed nothing. 0 is the base model. */
  readonly source: number;
  /** The version that training started from; for a rollback or promotion the version that it goes back to. */
  readonly parent: number;
  /** Absent while the files are not known. */
  readonly files?: Files;
  /** "start", "gate", "no-gate", "unchanged", "rollback", "promote", or why it was refused. */
  readonly reason: string;
  /** Optimizer updates made in the agent's life when it was made. */
  readonly updates: number;
  /** Number of the last batch consumed when it was made. */
  readonly consumedBatches: number;
  /** Answers to the gate anchors, "1" passed and "0" failed; empty where it was not measured. */
  readonly passed: string;
  /** Losses on the gate anchors where a proper score decides, two hexadecimal digits each; else empty. */
  readonly losses: string;
  readonly anchorsHash: string;
  readonly figures: readonly Figure[];
  readonly arms: readonly ArmResult[];
  readonly passToFail: number;
  readonly failToPass: number;
  /** Id of the message that asked for a rollback or promotion; empty otherwise. */
  readonly cause: string;
  /** Whether the run's updates are done with it. */
  readonly last: boolean;
}

/** A batch that was trained on since the last commit, with what is needed to do it again exactly. */
export interface TrainedBatch {
  readonly batch: Batch;
  readonly learningRate: number;
  /** Absent where nothing was computed (no signal, or a role that does not train). */
  readonly stats?: TrainingStats;
  /** Samples that were left out of it because they had become too stale; absent for none. */
  readonly stale?: number;
}

/** What an agent does: waits for its files, for version 0's measurement, trains, waits at the gate, or is done with the run. */
export type Phase = 'creating' | 'measuring' | 'training' | 'gate' | 'finished';

/** One agent's lineage and training. */
export interface AgentState {
  readonly agent: string;
  readonly role: TrainedRole;
  readonly phase: Phase;
  /** By number. */
  readonly versions: readonly Version[];
  /** Number of the released version. */
  readonly current: number;
  /** Optimizer updates made, those of refused candidates included. */
  readonly updates: number;
  /** Batches trained on since the files of the last commit. */
  readonly uncommitted: readonly TrainedBatch[];
  /** Batches that wait: in order, none lost, none twice. */
  readonly pending: readonly Batch[];
  /** Highest batch number received. */
  readonly lastBatch: number;
  /** Lower numbers that have not been received. */
  readonly missing: readonly number[];
  /** True while the device's training state must go back to the current version's files. */
  readonly rewind: boolean;
}

/** The whole state of policy/0 in a run. */
export interface PolicyState {
  /** Empty before the run's start. In a fixed order. */
  readonly agents: readonly AgentState[];
  /** Tokens sampled for all batches received. */
  readonly sampledTokens: number;
  /** Knobs that were turned, by name. */
  readonly knobs: Readonly<Record<string, number>>;
  /** Whether the message handled last committed a candidate or a release: the moment for a snapshot. */
  readonly committed: boolean;
}

/** What a run is, as far as its policies are concerned. */
export interface RunPlan {
  readonly run: string;
  readonly recipe: Recipe;
  readonly seed: number;
  /** Executor updates after which the run ends. */
  readonly updates: number;
  /** Plug-ins of the recipe's packages. */
  readonly plugins?: readonly AnyPlugin[];
}

/** The state before the run's start. */
export const emptyState: PolicyState = { agents: [], sampledTokens: 0, knobs: {}, committed: false };

/** An agent's state. Throws `not_found` naming the agents there are. */
export function agentOf(state: PolicyState, agent: string): AgentState {
  const found = state.agents.find((candidate) => candidate.agent === agent);
  if (found) return found;
  const known = state.agents.map((candidate) => candidate.agent).join(', ') || 'none yet';
  throw new RedQueenError('not_found', `agent ${JSON.stringify(agent)} does not exist in this run; its agents are: ${known}`);
}

/** A version of an agent. Throws `internal`: callers know that it exists. */
export function versionOf(agent: AgentState, number: number): Version {
  const version = agent.versions[number];
  if (!version) throw new RedQueenError('internal', `${agent.agent} has no version ${number}`);
  return version;
}

/** The newest version, whatever its status. */
export function newestOf(agent: AgentState): Version {
  return versionOf(agent, agent.versions.length - 1);
}

/** Number of the last batch that was trained on; 0 for none. */
export function lastConsumed(agent: AgentState): number {
  return agent.uncommitted.at(-1)?.batch.number ?? newestOf(agent).consumedBatches;
}

/** The figures of a version that was not tried on the gate anchors. */
export const unmeasured = { passed: '', losses: '', anchorsHash: '', figures: [], arms: [], passToFail: 0, failToPass: 0 } as const;

/** The files from which training is done again after a crash: those of the candidate at the gate, else of the current version. */
export function committedFiles(agent: AgentState): Files | undefined {
  const candidate = newestOf(agent);
  return agent.phase === 'gate' ? candidate.files : versionOf(agent, agent.current).files;
}

/** The hash that attests a version's weights: of its adapter file, or empty for the base model. */
export function attestedHash(version: Version): string {
  return version.source === 0 ? '' : (version.files?.adapter ?? '');
}

/** The role's settings in the recipe. */
export function settingsOf(plan: RunPlan, agent: AgentState): RoleSettings {
  return plan.recipe.roles[agent.role];
}

/** The state with one agent replaced. */
export function withAgent(state: PolicyState, agent: AgentState): PolicyState {
  return { ...state, agents: state.agents.map((other) => (other.agent === agent.agent ? agent : other)) };
}

/** The agent with one version replaced, or appended where its number is the next. */
export function withVersion(agent: AgentState, version: Version): AgentState {
  const versions = [...agent.versions];
  versions[version.number] = version;
  return { ...agent, versions };
}
