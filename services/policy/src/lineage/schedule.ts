import type { AgentState, PolicyState, RunPlan } from './state.ts';
import { settingsOf } from './state.ts';

/** Name of the knob that replaces a role's learning rate. */
export function learningRateKnob(role: string): string {
  return `learning-rate.${role}`;
}

/** Name of the knob that replaces the gate's tolerance. */
export const toleranceKnob = 'gate.tolerance';

/** How much of the run is done, in [0, 1]: executor updates of those planned, or sampled tokens of those allowed, whichever is further. */
export function progressOf(plan: RunPlan, state: PolicyState): number {
  const executor = state.agents.find((agent) => agent.role === 'executor');
  const updates = (executor?.updates ?? 0) / plan.updates;
  const tokens = plan.recipe.maxSampledTokens ? state.sampledTokens / plan.recipe.maxSampledTokens : 0;
  return Math.min(1, Math.max(updates, tokens));
}

/** The learning rate of an agent's next update: falls linearly with the run's progress p, rate · (1 − (1 − final) · p). */
export function learningRateOf(plan: RunPlan, state: PolicyState, agent: AgentState): number {
  const { learningRate, finalLearningRate } = settingsOf(plan, agent).optimizer;
  const rate = state.knobs[learningRateKnob(agent.role)] ?? learningRate;
  return rate * (1 - (1 - finalLearningRate) * progressOf(plan, state));
}

/** The gate's tolerance in force. */
export function toleranceOf(plan: RunPlan, state: PolicyState): number {
  return state.knobs[toleranceKnob] ?? plan.recipe.gate.tolerance;
}
