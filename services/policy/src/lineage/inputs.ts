import type { Batch, Knob } from '@redqueen/contract';
import { agentsOf, RedQueenError, trainedRoles } from '@redqueen/core';
import { refuse } from './release.ts';
import { learningRateKnob, toleranceKnob } from './schedule.ts';
import { agentOf, newestOf, unmeasured, withAgent, type AgentState, type PolicyState, type RunPlan, type Version } from './state.ts';
import { quiet, type Step } from './step.ts';

/** Batches that may wait while a candidate is at the gate; with one more the candidate is refused, so that a lost answer cannot stop an agent. */
const maxPending = 64;

/** Left out batch numbers that are remembered. */
const mostMissing = 256;

const firstVersion: Version = {
  ...unmeasured,
  number: 0,
  status: 'measuring',
  source: 0,
  parent: 0,
  reason: 'start',
  updates: 0,
  consumedBatches: 0,
  cause: '',
  last: false,
};

/** The run starts: every agent of the recipe gets its version 0. A second start changes nothing. */
export function started({ recipe }: RunPlan, state: PolicyState): Step {
  if (state.agents.length > 0) return quiet(state);
  const agents = agentsOf(recipe).map(
    ({ agent, role }): AgentState => ({
      agent,
      role,
      phase: 'creating',
      versions: [firstVersion],
      current: 0,
      updates: 0,
      uncommitted: [],
      pending: [],
      lastBatch: 0,
      missing: [],
      rewind: false,
    }),
  );
  return quiet({ ...state, agents });
}

/** A batch joins those that wait. One that came before is dropped. Throws `not_found` for an unknown agent. */
export function batchReceived(state: PolicyState, batch: Batch): Step {
  const agent = agentOf(state, batch.agent);
  if (batch.number <= agent.lastBatch && !agent.missing.includes(batch.number)) return quiet(state);
  const counted = { ...state, sampledTokens: state.sampledTokens + batch.sampledTokens };
  const noted = noteNumber(agent, batch.number);
  if (agent.phase === 'finished') return quiet(withAgent(counted, noted));
  const next: AgentState = { ...noted, pending: [...agent.pending, batch] };
  const waiting = withAgent(counted, next);
  if (next.phase !== 'gate' || next.pending.length <= maxPending) return quiet(waiting);
  return refuse(waiting, next, { ...newestOf(next), reason: `gate: no answer while ${maxPending} batches waited` });
}

/** Numbers that were left out are remembered: a dead letter may be retried much later. */
function noteNumber(agent: AgentState, number: number): AgentState {
  if (number <= agent.lastBatch) return { ...agent, missing: agent.missing.filter((other) => other !== number) };
  const first = Math.max(agent.lastBatch + 1, number - mostMissing);
  const leftOut = Array.from({ length: number - first }, (_, index) => first + index);
  return { ...agent, lastBatch: number, missing: [...agent.missing, ...leftOut].slice(-mostMissing) };
}

/** A declared knob gets a new value: `learning-rate.<role>` or `gate.tolerance`, ≥ 0. Throws `invalid_argument` for others. */
export function knobTurned(state: PolicyState, { name, value }: Knob): Step {
  const declared = [toleranceKnob, ...trainedRoles.map(learningRateKnob)];
  if (!declared.includes(name))
    throw new RedQueenError('invalid_argument', `knob ${JSON.stringify(name)} is not one of ${declared.join(', ')}`);
  if (!(value >= 0)) throw new RedQueenError('invalid_argument', `knob ${name}: ${value} must be a number ≥ 0`);
  return quiet({ ...state, knobs: { ...state.knobs, [name]: value } });
}
