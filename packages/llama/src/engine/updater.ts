import { RedQueenError } from '@redqueen/core';
import { addSums, emptySums } from '../losses/loss-sums.ts';
import { prefixTree } from '../model/prefix-tree.ts';
import type { TrainGroup, UpdateSettings, UpdateStats } from '../worker/protocol.ts';
import { adamwStep, norm } from './adamw.ts';
import { scaleB } from './adapter-weights.ts';
import type { Agent } from './agent.ts';
import type { Engine } from './engine.ts';
import { evolvedGradient } from './evolution.ts';
import { type AdapterGradient, answersOf, chunkGradient, effectiveGroups, type UpdateRequest } from './gradient.ts';
import type { LanePool } from './lane-pool.ts';
import type { ModelLane } from './model-lane.ts';
import { planTrees } from './tree-chunks.ts';

/** Gradient of the loss over all groups with respect to A and B, computed in chunks over the lanes and summed in the order of the chunks. */
export async function totalGradient(pool: LanePool<ModelLane>, agent: Agent, request: UpdateRequest): Promise<AdapterGradient> {
  const groups = effectiveGroups(request.groups, request.loss);
  const weights = agent.current();
  const loss = { settings: request.loss, normaliser: request.normaliser };
  const running = planTrees(groups.map((group) => prefixTree(group.promptTokens, answersOf(group)))).map((chunk) => {
    const whole = { ...chunk, groups: chunk.places.map((place) => groups[place] as TrainGroup) };
    return pool.run(agent.name, 'train', (member) => chunkGradient(member, weights, whole, loss));
  });
  // A failure reaches the caller when its turn comes; until then it is no unhandled one.
  for (const run of running) run.catch(() => undefined);
  const gradient = new Float32Array(agent.layout.length);
  const sums = emptySums();
  // Each part is forgotten once it is added: those of all chunks together could be larger than the model.
  for (let run = running.shift(); run !== undefined; run = running.shift()) {
    const part = await run;
    for (let index = 0; index < gradient.length; index++) gradient[index] = (gradient[index] as number) + (part.gradient[index] as number);
    addSums(sums, part.sums);
  }
  // Graphs see alpha/rank · B, so dLoss/dB is alpha/rank times what they report.
  scaleB(gradient, agent.layout, agent.settings.alpha / agent.settings.rank);
  return { gradient, sums };
}

/** One update of the agent, along the gradient of its request or an estimate of it. See `applyGradient`. */
export async function updateAgent(engine: Engine, agent: Agent, request: UpdateRequest): Promise<UpdateStats> {
  const { evolution, update } = request;
  const found = evolution ? await evolvedGradient(engine, agent, request, evolution) : await totalGradient(engine.pool, agent, request);
  return applyGradient(agent, update, found);
}

/**
 * One step of AdamW. A batch without any effect (all advantages zero) leaves weights and optimizer as they are.
 * Throws `failed_precondition`, and leaves them too, where the gradient is not finite.
 */
function applyGradient(agent: Agent, update: UpdateSettings, { gradient, sums }: AdapterGradient): UpdateStats {
  const gradientNorm = norm(gradient);
  if (!Number.isFinite(gradientNorm)) {
    throw new RedQueenError(
      'failed_precondition',
      `agent "${agent.name}": the gradient is not finite; restore an earlier version or lower the learning rate`,
    );
  }
  if (sums.tokens > 0) {
    adamwStep(agent.weights, gradient, agent.optimizer, update);
    agent.changed();
  }
  const tokens = Math.max(1, sums.tokens);
  return {
    loss: sums.loss,
    gradientNorm,
    clipFraction: sums.clipped / tokens,
    approximateKl: sums.divergence / tokens,
    entropy: sums.entropy / tokens,
    logProbMismatch: sums.mismatch,
    tokens: sums.tokens,
  };
}
