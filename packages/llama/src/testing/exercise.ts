// What every real model must be able to do: sample, score as llama.cpp does, and be trained, in little more memory than its tensors take.
import { readFileSync, statSync } from 'node:fs';
import { Agent } from '../engine/agent.ts';
import { baseWeights } from '../engine/adapter-weights.ts';
import type { Engine } from '../engine/engine.ts';
import type { TokenSample } from '../engine/sample-draft.ts';
import { updateAgent } from '../engine/updater.ts';
import { adapterLayout } from '../model/parameter-layout.ts';
import type { TrainGroup, UpdateStats } from '../worker/protocol.ts';
import { meanDifference, stockLogProbs } from './stock.ts';
import { openEngine, randomTokens } from './tiny-model.ts';

/** Figures of an exercise. */
export interface Exercise {
  readonly samples: readonly TokenSample[];
  /** Mean difference of log-probs from stock llama.cpp's. */
  readonly fromStock: number;
  /** Mean difference of log-probs between our sampling and our scoring. */
  readonly fromSampling: number;
  readonly update: UpdateStats;
  /** Bytes of resident memory that the engine came to take. */
  readonly taken: number;
  /** Bytes of what it has to keep: the base, repacked where stock contexts sample, its transposed matrices, adapter and optimizer, activations, and logits of one block. */
  readonly needed: number;
}

/** Resident bytes of this process, the model's file once although it is mapped twice; 0 where the platform does not say. */
function residentBytes(): number {
  try {
    return 1024 * Number(/^Pss:\s+(\d+)/m.exec(readFileSync('/proc/self/smaps_rollup', 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

const rank = 8;

async function neededBytes(engine: Engine, path: string): Promise<number> {
  // Weights, two moments, the gradient and its sum, the folded copy, and the block of weights and gradients in native memory.
  const adapter = 8 * 4 * adapterLayout(engine.model, rank).length;
  return engine.pool.run('exercise', 'score', async ({ lane }) => {
    // Logits and their gradient are once in the head's scratch and once in JavaScript.
    const repacked = engine.sampling === 'stock' ? statSync(path).size : 0;
    return statSync(path).size + repacked + engine.transposedBytes + adapter + lane.scratch.bytes + 2 * lane.headScratch.bytes;
  });
}

/** Samples two prompts, scores what came out, trains on it once, and compares. */
export async function exercise(path: string, maxTokens: number): Promise<Exercise> {
  const before = residentBytes();
  const engine = openEngine(path);
  const prompts = [0, 1].map((seed) => ({ tokens: randomTokens(12, seed), samples: 2, seed }));
  const groups = await engine.sample('exercise', baseWeights, prompts, { maxTokens, temperature: 1, stops: new Set() });
  const items = prompts.map(({ tokens }, index) => ({
    prompt: tokens,
    continuations: (groups[index] ?? []).map((sample) => sample.tokens),
  }));
  const scores = await engine.score('exercise', baseWeights, items);
  const [first] = groups[0] as readonly [TokenSample];
  const whole = Int32Array.from([...(prompts[0]?.tokens ?? []), ...first.tokens]);
  const stock = (await stockLogProbs(engine, whole)).subarray(whole.length - first.tokens.length - 1);
  const trained = prompts.map(
    ({ tokens }, index): TrainGroup => ({
      promptTokens: tokens,
      samples: (groups[index] ?? []).map((sample, which) => ({
        tokens: sample.tokens,
        oldLogProbs: sample.logProbs,
        advantages: sample.logProbs.map(() => (which === 0 ? 1 : -1)),
      })),
    }),
  );
  const agent = new Agent('exercise', { rank, alpha: 16, seed: 1 }, engine.model);
  const update = await updateAgent(engine, agent, {
    groups: trained,
    normaliser: 4 * maxTokens,
    loss: { kind: 'clipped', clipLow: 0.2, clipHigh: 0.28, klToBase: 0, klEstimator: 'k3', entropyBonus: 0 },
    update: { learningRate: 1e-4, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, maxGradientNorm: 1 },
  });
  const samples = groups.flat();
  return {
    samples,
    fromStock: meanDifference(scores[0]?.[0] ?? [], stock),
    fromSampling: Math.max(...samples.map(({ logProbs }, index) => meanDifference(logProbs, scores.flat()[index] ?? []))),
    update,
    taken: residentBytes() - before,
    needed: await neededBytes(engine, path),
  };
}
