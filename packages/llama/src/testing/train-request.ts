import type { Agent } from '../engine/agent.ts';
import type { Engine } from '../engine/engine.ts';
import type { UpdateRequest } from '../engine/gradient.ts';
import type { LossSettings, TrainGroup } from '../worker/protocol.ts';
import { randomNumbers, randomTokens } from './tiny-model.ts';

/** A policy-gradient loss with all its penalties, its clips far away: finite differences are meaningless across their kinks. */
export const smoothLoss: LossSettings = {
  kind: 'clipped',
  clipLow: 0.99,
  clipHigh: 50,
  klToBase: 0.1,
  klEstimator: 'k3',
  entropyBonus: 0.02,
};

/** Three prompts with two samples each of about `length` tokens, sampled by a policy near the agent's: the first sample is the better one. */
export async function requestFor(engine: Engine, agent: Agent, loss: LossSettings, length: number): Promise<UpdateRequest> {
  const items = [4, 9, 6].map((prompt, index) => ({
    prompt: randomTokens(prompt, index),
    continuations: [randomTokens(length, 10 + index), randomTokens(length - 3, 20 + index)],
  }));
  const scores = await engine.score(agent.name, agent.current(), items);
  const groups = items.map(
    ({ prompt, continuations }, index): TrainGroup => ({
      promptTokens: prompt,
      samples: continuations.map((tokens, which) => ({
        tokens,
        oldLogProbs: randomNumbers(tokens.length, 0.1, which).map((off, at) => off + (scores[index]?.[which]?.[at] as number)),
        advantages: new Float32Array(tokens.length).fill(which === 0 ? 1 : -0.5),
      })),
    }),
  );
  const update = { learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, maxGradientNorm: 1 };
  return { groups, normaliser: 30, loss, update };
}
