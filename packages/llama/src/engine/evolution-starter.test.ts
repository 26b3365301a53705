// The real starter model, by forward passes alone: right answers to tasks that it half knows become likelier, and it gives more of them.
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { byteSequence } from '../starter/byte-vocabulary.ts';
import { openEngine } from '../testing/tiny-model.ts';
import type { TrainGroup } from '../worker/protocol.ts';
import { Agent } from './agent.ts';
import type { Engine } from './engine.ts';
import { updateAgent } from './updater.ts';

const starter = fileURLToPath(new URL('../../../../config/models/starter.gguf', import.meta.url));
const words = ['dacb', 'gjia', 'hbe', 'cfda', 'ijeb', 'fca', 'bgdh', 'jad'];
/** Sorting and reversing, as the starter knows them. */
const lessons: readonly (readonly [string, string])[] = words.flatMap((word) => [
  [`s${word}=`, `${[...word].toSorted().join('')}\n`],
  [`r${word}=`, `${[...word].toReversed().join('')}\n`],
]);

async function right(engine: Engine, agent: Agent): Promise<number> {
  const prompts = lessons.map(([text]) => ({ tokens: byteSequence(text), samples: 1, seed: 1 }));
  const groups = await engine.sample(agent.name, agent.current(), prompts, { maxTokens: 6, temperature: 0, stops: new Set([10]) });
  return groups.filter(([sample], index) => Buffer.from(sample?.tokens ?? []).toString() === lessons[index]?.[1]).length;
}

it('evolution strategies teach the starter answers that it did not know', { timeout: 120_000 }, async () => {
  const engine = openEngine(starter);
  const agent = new Agent('evolved', { rank: 1, alpha: 2, seed: 1 }, engine.model);
  const groups = lessons.map(([text, answer]): TrainGroup => {
    const tokens = byteSequence(answer).subarray(1);
    const samples = [{ tokens, oldLogProbs: new Float32Array(tokens.length), advantages: new Float32Array(tokens.length).fill(1) }];
    return { promptTokens: byteSequence(text), samples };
  });
  const before = await right(engine, agent);
  const losses: number[] = [];
  for (let seed = 1; seed <= 24; seed++) {
    const { loss } = await updateAgent(engine, agent, {
      groups,
      normaliser: groups.reduce((sum, { samples }) => sum + (samples[0]?.tokens.length ?? 0), 0),
      loss: { kind: 'likelihood', klToBase: 0, klEstimator: 'k3', entropyBonus: 0 },
      update: { learningRate: 0.02, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, maxGradientNorm: 1 },
      evolution: { pairs: 8, sigma: 0.02, seed },
    });
    losses.push(loss);
  }
  expect(losses.at(-1)).toBeLessThan(0.8 * (losses[0] as number));
  expect(await right(engine, agent)).toBeGreaterThan(before);
});
