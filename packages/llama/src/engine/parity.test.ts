// Our graphs against stock llama.cpp, and our three ways of computing (sampling, scoring, training) against each other.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StockContext } from '../ffi/stock-context.ts';
import { encodeAdapter } from '../gguf/adapter-file.ts';
import { RowSoftmax } from '../losses/softmax.ts';
import { adaptedMatrices } from '../model/parameter-layout.ts';
import { openEngine, randomAgent, randomTokens, temporaryFolder, tinyAdapter, writeTinyModel } from '../testing/tiny-model.ts';
import type { Agent } from './agent.ts';
import { baseWeights } from './adapter-weights.ts';
import type { Engine } from './engine.ts';
import { totalGradient } from './updater.ts';

const folder = temporaryFolder();
let engine: Engine;
let agent: Agent;
let adapterPath: string;

beforeAll(() => {
  engine = openEngine(writeTinyModel(folder.path));
  agent = randomAgent(engine);
  adapterPath = join(folder.path, 'adapter.gguf');
  const base = { architecture: 'llama', baseHash: 'a'.repeat(64), matrices: adaptedMatrices(engine.model) };
  writeFileSync(adapterPath, encodeAdapter({ rank: tinyAdapter.rank, alpha: tinyAdapter.alpha, values: agent.weights }, base));
});
afterAll(() => folder.dispose());

/** log p of each token after the first, by stock llama.cpp. */
async function stockLogProbs(tokens: Int32Array, adapter: string | null): Promise<readonly number[]> {
  const context = new StockContext(engine.native, engine.model.vocabulary, tokens.length);
  const logits = await context.withAdapter(adapter, () => context.logits(tokens));
  context.close();
  const softmax = new RowSoftmax(engine.model.vocabulary);
  return Array.from(tokens.subarray(1), (token, position) => {
    const offset = position * engine.model.vocabulary;
    softmax.read(logits, offset);
    return (logits[offset + token] as number) - softmax.logTotal;
  });
}

function largestDifference(a: Iterable<number>, b: Iterable<number>): number {
  const second = [...b];
  return Math.max(...[...a].map((value, index) => Math.abs(value - (second[index] as number))));
}

const loss = { kind: 'clipped' as const, clipLow: 0.2, clipHigh: 0.28, klToBase: 0, klEstimator: 'k3' as const, entropyBonus: 0 };
const update = { learningRate: 0, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, maxGradientNorm: 0 };
const greedy = { maxTokens: 6, temperature: 0, stops: new Set<number>() };
const sampling = { maxTokens: 6, temperature: 1, stops: new Set([10]) };
const prompts = [3, 7, 4, 9, 12, 5, 7].map((length, index) => ({ tokens: randomTokens(length, index), samples: 3, seed: 100 + index }));

describe('our engine and stock llama.cpp', () => {
  it.each([
    ['the base model', false],
    ['an adapter file', true],
  ])('give the same log-probs with %s', async (_, adapted) => {
    const tokens = randomTokens(24, 5);
    const stock = await stockLogProbs(tokens, adapted ? adapterPath : null);
    const [[ours] = []] = await engine.score('agent', adapted ? agent.current() : baseWeights, [
      { prompt: tokens.subarray(0, 1), continuations: [tokens.subarray(1)] },
    ]);
    expect(largestDifference(ours ?? [], stock)).toBeLessThan(1e-4);
  });

  it('give the same log-probs and gradients whether adapters are merged into the matrices or kept apart', async () => {
    const apart = openEngine(writeTinyModel(folder.path), 1, { mergeBytes: 0 });
    const other = randomAgent(apart);
    const items = prompts.map(({ tokens }, index) => ({
      prompt: tokens,
      continuations: [randomTokens(3, index), randomTokens(5, index + 1)],
    }));
    const [merged, kept] = [await engine.score('agent', agent.current(), items), await apart.score('agent', other.current(), items)];
    for (const [index, group] of merged.entries()) {
      for (const [which, logProbs] of group.entries()) expect(largestDifference(logProbs, kept[index]?.[which] ?? [])).toBeLessThan(2e-5);
    }
    const groups = items.map(({ prompt, continuations }, index) => ({
      promptTokens: prompt,
      samples: continuations.map((tokens, which) => ({
        tokens,
        oldLogProbs: merged[index]?.[which] as Float32Array,
        advantages: Float32Array.from(tokens, (token) => token / 128 - 1),
      })),
    }));
    const request = { groups, normaliser: 10, loss, update };
    const [a, b] = [await totalGradient(engine.pool, agent, request), await totalGradient(apart.pool, other, request)];
    expect(largestDifference(a.gradient, b.gradient)).toBeLessThan(1e-4 * Math.max(...a.gradient.map(Math.abs)));
  });

  it('differ visibly where the adapter is left out, so that the comparison means something', async () => {
    const tokens = randomTokens(24, 5);
    expect(largestDifference(await stockLogProbs(tokens, null), await stockLogProbs(tokens, adapterPath))).toBeGreaterThan(0.05);
  });

  it('choose the same tokens greedily, with the same log-probs', async () => {
    const groups = await engine.sample('agent', agent.current(), prompts, greedy);
    for (const [index, samples] of groups.entries()) {
      const prompt = prompts[index]?.tokens ?? new Int32Array(0);
      const [first, ...others] = samples;
      for (const other of others) expect(other).toEqual(first);
      const whole = Int32Array.from([...prompt, ...(first?.tokens ?? [])]);
      const stock = (await stockLogProbs(whole, adapterPath)).slice(prompt.length - 1);
      expect(largestDifference(first?.logProbs ?? [], stock)).toBeLessThan(1e-4);
    }
  });
});

describe('sampling, scoring and training', () => {
  it('agree on the log-probs of sampled tokens', async () => {
    const groups = await engine.sample('agent', agent.current(), prompts, sampling);
    const scores = await engine.score(
      'agent',
      agent.current(),
      prompts.map(({ tokens }, index) => ({ prompt: tokens, continuations: (groups[index] ?? []).map((sample) => sample.tokens) })),
    );
    for (const [index, samples] of groups.entries()) {
      for (const [which, sample] of samples.entries())
        expect(largestDifference(sample.logProbs, scores[index]?.[which] ?? [])).toBeLessThan(2e-5);
    }
    const trained = prompts.map(({ tokens }, index) => ({
      promptTokens: tokens,
      samples: (groups[index] ?? []).map((sample) => ({
        tokens: sample.tokens,
        oldLogProbs: sample.logProbs,
        advantages: sample.logProbs.map(() => 1),
      })),
    }));
    const { sums } = await totalGradient(engine.pool, agent, { groups: trained, normaliser: 1, loss, update });
    expect(sums.mismatch).toBeLessThan(2e-5);
    expect(sums.tokens).toBe(groups.flat().reduce((total, sample) => total + sample.tokens.length, 0));
  });

  it('give the same for a tree of continuations as for each continuation alone', async () => {
    const prompt = randomTokens(6, 1);
    const stem = randomTokens(5, 2);
    const continuations = [
      stem,
      stem.subarray(0, 3),
      Int32Array.from([...stem.subarray(0, 2), 9, 9]),
      randomTokens(4, 8),
      new Int32Array(0),
    ];
    const [together = []] = await engine.score('agent', agent.current(), [{ prompt, continuations }]);
    for (const [which, continuation] of continuations.entries()) {
      const [[alone = new Float32Array(0)] = []] = await engine.score('agent', agent.current(), [
        { prompt, continuations: [continuation] },
      ]);
      expect(together[which]?.length).toBe(continuation.length);
      if (continuation.length > 0) expect(largestDifference(together[which] ?? [], alone)).toBeLessThan(1e-5);
    }
  });

  it('sample from the distribution that they report', async () => {
    const [samples = []] = await engine.sample('agent', agent.current(), [{ tokens: randomTokens(4, 3), samples: 256, seed: 1 }], {
      ...sampling,
      maxTokens: 1,
    });
    const counts = new Map<number, { count: number; probability: number }>();
    for (const sample of samples) {
      const token = sample.tokens[0] as number;
      const entry = counts.get(token) ?? { count: 0, probability: Math.exp(sample.logProbs[0] as number) };
      counts.set(token, { ...entry, count: entry.count + 1 });
    }
    for (const { count, probability } of counts.values()) {
      // Five standard deviations of a binomial count, and one more for rare tokens.
      expect(Math.abs(count - 256 * probability)).toBeLessThan(5 * Math.sqrt(256 * probability) + 1);
    }
  });
});

describe('results do not depend', () => {
  it('on the number of lanes, to the last bit', async () => {
    const two = openEngine(writeTinyModel(folder.path), 2);
    const other = randomAgent(two);
    const many = [...prompts, ...prompts.map((prompt) => ({ ...prompt, seed: prompt.seed + 50 }))];
    const [a, b] = await Promise.all([
      engine.sample('agent', agent.current(), many, sampling),
      two.sample('agent', other.current(), many, sampling),
    ]);
    expect(b).toEqual(a);
    const groups = many.map(({ tokens }, index) => ({
      promptTokens: tokens,
      samples: (a[index] ?? []).map((sample, which) => ({
        tokens: sample.tokens,
        oldLogProbs: sample.logProbs,
        advantages: sample.logProbs.map(() => which - 1),
      })),
    }));
    const request = { groups, normaliser: 10, loss, update };
    const [first, second] = await Promise.all([totalGradient(engine.pool, agent, request), totalGradient(two.pool, other, request)]);
    expect(second).toEqual(first);
  });

  it('on the batch that a prompt is sampled in', async () => {
    const whole = await engine.sample('agent', agent.current(), prompts, sampling);
    for (const [index, prompt] of prompts.entries()) {
      const [alone] = await engine.sample('agent', agent.current(), [prompt], sampling);
      expect(alone).toEqual(whole[index]);
    }
  });

  it('on work of other agents in between', async () => {
    const stranger = randomAgent(engine, 'stranger', 99);
    const alone = await engine.sample('agent', agent.current(), prompts, sampling);
    const [mixed] = await Promise.all([
      engine.sample('agent', agent.current(), prompts, sampling),
      engine.sample('stranger', stranger.current(), prompts, sampling),
      engine.score('stranger', baseWeights, [{ prompt: randomTokens(100, 4), continuations: [randomTokens(20, 4)] }]),
    ]);
    expect(mixed).toEqual(alone);
  });
});
