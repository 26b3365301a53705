import { expect } from 'vitest';
import type { Agent } from '../engine/agent.ts';
import type { Engine } from '../engine/engine.ts';
import type { UpdateRequest } from '../engine/gradient.ts';
import { totalGradient } from '../engine/updater.ts';

/** Derivative of a function at 0 by a fourth-order central difference. */
export async function derivative(loss: (shift: number) => Promise<number>, step: number): Promise<number> {
  const near = (await loss(step / 2)) - (await loss(-step / 2));
  const far = (await loss(step)) - (await loss(-step));
  return (8 * near - far) / (6 * step);
}

/** Expects that the agent's gradient is, for every A and every B, the slope of the loss along it, but for `error` of it (the loss itself is summed in F32). */
export async function expectSlopes(engine: Engine, agent: Agent, request: UpdateRequest, error = 1e-3): Promise<void> {
  const { gradient } = await totalGradient(engine.pool, agent, request);
  const start = agent.weights.slice();
  for (const { name, offset, length } of agent.layout.slots) {
    const slope = gradient.subarray(offset, offset + length);
    const steepness = Math.hypot(...slope);
    expect(steepness, name).toBeGreaterThan(0);
    const along = async (shift: number): Promise<number> => {
      agent.weights = start.slice();
      for (let index = 0; index < length; index++)
        agent.weights[offset + index] = (start[offset + index] as number) + (shift * (slope[index] as number)) / steepness;
      agent.changed();
      return (await totalGradient(engine.pool, agent, request)).sums.loss;
    };
    const expected = await derivative(along, 0.01);
    expect(Math.abs(expected - steepness) / steepness, name).toBeLessThan(error);
  }
}
