import type { AnchorResult } from '@redqueen/contract';
import { passText } from '../gate/flips.ts';
import { lossText } from '../gate/losses.ts';
import { bestOf } from '../gate/merit.ts';
import { lineageOf } from '../lineages/index.ts';
import { ancestry, refuse, release } from './release.ts';
import { toleranceOf } from './schedule.ts';
import { agentOf, attestedHash, newestOf, versionOf, type AgentState, type PolicyState, type RunPlan, type Version } from './state.ts';
import { quiet, type Step } from './step.ts';

/** The gate's answer about version 0 or a candidate. An answer that nobody waits for changes nothing. */
export function judged(plan: RunPlan, state: PolicyState, result: AnchorResult): Step {
  const task = result.task;
  if (!task || task.purpose !== 'ANCHOR_PURPOSE_GATE') return quiet(state);
  const agent = agentOf(state, task.agent);
  const version = newestOf(agent);
  if (task.version !== version.number) return quiet(state);
  const measured = withResult(version, result);
  if (agent.phase === 'measuring') return release(state, agent, measured);
  if (agent.phase !== 'gate') return quiet(state);
  const fault = faultOf(agent, version, result);
  return fault === undefined ? decide(plan, state, agent, measured) : refuse(state, agent, { ...measured, reason: fault });
}

function withResult(version: Version, result: AnchorResult): Version {
  const { figures, arms, anchorsHash } = result;
  return { ...version, figures, arms, anchorsHash, passed: passText(result.passed), losses: lossText(result.losses) };
}

/** Why the answer cannot be used: other weights answered, or other anchors were tried. */
function faultOf(agent: AgentState, version: Version, result: AnchorResult): string | undefined {
  const expected = attestedHash(version);
  const actual = result.policy?.adapterHash ?? 'unnamed weights';
  if (actual !== expected)
    return `attestation: the gate anchors were answered by ${actual || 'the base model'}, not by adapter ${expected}`;
  const parent = versionOf(agent, version.parent);
  if (
    result.anchorsHash !== parent.anchorsHash ||
    result.passed.length !== parent.passed.length ||
    2 * result.losses.length !== parent.losses.length
  ) {
    return `gate: these are not the anchors that version ${parent.number} was tried on`;
  }
  return undefined;
}

function decide(plan: RunPlan, state: PolicyState, agent: AgentState, candidate: Version): Step {
  const line = ancestry(agent, candidate.parent);
  const parent = versionOf(agent, candidate.parent);
  // Ties go to the parent, then to the newest: fewer comparisons, the same answer.
  const best = bestOf(line) ?? parent;
  const { lossTolerance } = plan.recipe.gate;
  const verdict = lineageOf(plan.recipe, plan.plugins).admit({
    candidate,
    parent,
    best,
    tolerance: toleranceOf(plan, state),
    lossTolerance,
  });
  const decided: Version = { ...candidate, ...verdict.flips, reason: verdict.reason };
  return verdict.release ? release(state, agent, decided) : refuse(state, agent, decided);
}
