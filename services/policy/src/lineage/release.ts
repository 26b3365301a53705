import type { Step } from './step.ts';
import { versionOf, withAgent, withVersion, type AgentState, type PolicyState, type Version } from './state.ts';
import { refusedTell, releasedTell } from './tells.ts';

/** Makes a version the agent's policy. Training goes on from the weights that the device has. */
export function release(state: PolicyState, agent: AgentState, version: Version): Step {
  const released: Version = { ...version, status: 'released' };
  const next = withVersion({ ...agent, current: released.number, phase: phaseAfter(state, released) }, released);
  return { state: closeRun(withAgent(state, next), released), tells: [releasedTell(next, released)] };
}

/** Refuses a version: the lineage and the training state go back to the current one. */
export function refuse(state: PolicyState, agent: AgentState, version: Version): Step {
  const refused: Version = { ...version, status: 'refused' };
  const next = withVersion({ ...agent, phase: phaseAfter(state, refused), rewind: true, uncommitted: [] }, refused);
  return { state: closeRun(withAgent(state, next), refused), tells: [refusedTell(next, refused)] };
}

function phaseAfter(state: PolicyState, version: Version): AgentState['phase'] {
  return version.last || isOver(state) ? 'finished' : 'training';
}

/** Whether every executor has made its last version: nobody trains any more. */
export function isOver(state: PolicyState): boolean {
  const executors = state.agents.filter(({ role }) => role === 'executor');
  return executors.length > 0 && executors.every(({ phase }) => phase === 'finished');
}

/** After the last executor's last version nothing is trained: what waits is dropped, what is not committed is never released. A candidate at the gate is still judged. */
function closeRun(state: PolicyState, version: Version): PolicyState {
  if (!version.last || !isOver(state)) return state;
  const close = (agent: AgentState): AgentState => ({
    ...agent,
    pending: [],
    phase: agent.phase === 'training' ? 'finished' : agent.phase,
  });
  return { ...state, agents: state.agents.map(close) };
}

/** The parent and its ancestors, newest first. */
export function ancestry(agent: AgentState, parent: number): Version[] {
  const line: Version[] = [];
  for (let number = parent; ; number = versionOf(agent, number).parent) {
    line.push(versionOf(agent, number));
    if (number === 0) return line;
  }
}
