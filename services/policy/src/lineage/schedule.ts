import type { AgentState, PolicyState, RunPlan } from './state.ts';
import { settingsOf } from './state.ts';

/** Name of the knob that replaces a role's learning rate. */
export function learningRateKnob(role: string): string {
  return `learning-rate.${role}`;
}

/** Name of the knob that replaces the gate's tolerance. */
export const toleranceKnob = 'gate.tolerance';

/** Executor updates that count for an agent: its own, and for the other roles those of the executor that has made the fewest. */
function executorUpdates(state: PolicyState, agent: AgentState): number {
  if (agent.role === 'executor') return agent.updates;
  return state.agents.reduce(
    (fewest, { role, updates }) => (role === 'executor' ? Math.min(fewest, updates) : fewest),
    Number.POSITIVE_INFINITY,
  );
}

/** How much of the run is done for an agent, in [0, 1]: executor updates of those planned, or sampled tokens of those allowed, whichever is further. */
export function progressOf(plan: RunPlan, state: PolicyState, agent: AgentState): number {
  const updates = executorUpdates(state, agent) / plan.updates;
  const tokens = plan.recipe.maxSampledTokens ? state.sampledTokens / plan.recipe.maxSampledTokens : 0;
  return Math.min(1, Math.max(updates, tokens));
}

/** The learning rate of an agent's next update: falls linearly with the run's progress p, rate · (1 − (1 − final) · p). */
export function learningRateOf(plan: RunPlan, state: PolicyState, agent: AgentState): number {
  const { learningRate, finalLearningRate } = settingsOf(plan, agent).optimizer;
  const rate = state.knobs[learningRateKnob(agent.role)] ?? learningRate;
  return rate * (1 - (1 - finalLearningRate) * progressOf(plan, state, agent));
}

/** The gate's tolerance in force. */
export function toleranceOf(plan: RunPlan, state: PolicyState): number {
  return state.knobs[toleranceKnob] ?? plan.recipe.gate.tolerance;
}
