import { bestOf } from '../gate/merit.ts';
import { newestOf, versionOf, type AgentState, type Version } from './state.ts';

/** Versions whose adapter files are kept because they are the newest. */
const newestKept = 8;
/** Every so manieth version is kept for ever. */
const keptInterval = 10;
/** Versions whose optimizer files are kept because they are the newest. */
const newestOptimizers = 3;

/** Versions that the device holds ready: the current one, the released ones that samples may still be as old as, and the candidate. */
export function servedVersions(agent: AgentState, maxStaleness: number): number[] {
  const released = agent.versions.filter((version) => version.status === 'released' && version.number <= agent.current);
  const served = released.slice(-(maxStaleness + 1)).map((version) => version.number);
  const newest = newestOf(agent);
  if (newest.status === 'candidate' || newest.status === 'measuring') served.push(newest.number);
  return served;
}

/**
 * Versions whose adapter file is kept: 0, the newest eight, every tenth, the best by the gate, those rolled back to or promoted, and the served ones.
 * A version that is not kept is never kept again.
 */
export function keptVersions(agent: AgentState, maxStaleness: number): Set<number> {
  const kept = new Set<number>([0, ...servedVersions(agent, maxStaleness)]);
  for (const version of agent.versions.slice(-newestKept)) kept.add(version.number);
  for (const version of agent.versions) {
    if (version.number % keptInterval === 0) kept.add(version.number);
    if (version.cause !== '') kept.add(version.parent);
  }
  const best = bestByGate(agent.versions);
  if (best) kept.add(best.number);
  return kept;
}

/** The released version that did best on the gate anchors; the earliest of several. */
function bestByGate(versions: readonly Version[]): Version | undefined {
  return bestOf(versions.filter((version) => version.status === 'released' && version.passed !== ''));
}

/** Versions whose optimizer file is kept: 0, the current one, the candidate and the newest three. From others training goes on with fresh moments, those of version 0. */
function keptOptimizers(agent: AgentState): Set<number> {
  const newest = agent.versions.slice(-newestOptimizers).map((version) => version.number);
  return new Set([0, agent.current, ...newest]);
}

/** Whether training can go on from a version with the moments that it ended with. */
export function keepsOptimizer(agent: AgentState, version: number): boolean {
  return keptOptimizers(agent).has(version);
}

/** Hashes of all files that must stay in the object stores. */
export function keptFiles(
  agents: readonly AgentState[],
  maxStaleness: number,
): { readonly adapters: Set<string>; readonly optimizers: Set<string> } {
  const adapters = new Set<string>();
  const optimizers = new Set<string>();
  for (const agent of agents) {
    for (const number of keptVersions(agent, maxStaleness)) addTo(adapters, versionOf(agent, number).files?.adapter);
    for (const number of keptOptimizers(agent)) addTo(optimizers, versionOf(agent, number).files?.optimizer);
  }
  return { adapters, optimizers };
}

function addTo(hashes: Set<string>, hash: string | undefined): void {
  if (hash !== undefined) hashes.add(hash);
}
