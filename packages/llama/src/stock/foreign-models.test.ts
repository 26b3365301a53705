// Models whose graph we do not build: sampled and scored by stock contexts, with adapters, and refused for training.
import { join } from 'node:path';
import { mkdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StockContext } from '../ffi/stock-context.ts';
import { loadModel } from '../ffi/llama.ts';
import { encodeAdapter, sha256, validateAdapter } from '../gguf/adapter-file.ts';
import { readGgufHeader } from '../gguf/reader.ts';
import { RowSoftmax } from '../losses/softmax.ts';
import { modelOf } from '../model/foreign-model.ts';
import { adaptedMatrices } from '../model/parameter-layout.ts';
import { rewriteTinyModel } from '../testing/rewritten-model.ts';
import { openEngine, randomNumbers, seconds, temporaryFolder, tinyAdapter, tinySize, writeTinyModel } from '../testing/tiny-model.ts';
import { LocalDevice } from '../worker/device.ts';

const folder = temporaryFolder();
const device = new LocalDevice(seconds);
const agent = 'run:executor/0';
const prompts = [
  { text: '37+45=', samples: 4, seed: 1 },
  { text: 'rabc=', samples: 4, seed: 2 },
];
const ask = { agent, prompts, maxTokens: 6, temperature: 1, stop: '\n' };
let path: string;

beforeAll(async () => {
  path = rewriteTinyModel(folder.path, 'gemma');
  await device.open({ modelPath: path, threads: 1 });
  await device.createAgent(agent, tinyAdapter);
});
afterAll(() => {
  device.close();
  folder.dispose();
});

/** log p of each token after the first, by a plain context. */
async function stockLogProbs(tokens: Int32Array): Promise<readonly number[]> {
  const context = new StockContext(loadModel(path), 259, tokens.length);
  const logits = await context.logits(tokens);
  context.close();
  const softmax = new RowSoftmax(259);
  return Array.from(tokens.subarray(1), (token, position) => {
    softmax.read(logits, position * 259);
    return (logits[position * 259 + token] as number) - softmax.logTotal;
  });
}

describe('a model of an architecture that we cannot train', () => {
  it('is opened, sampled and scored as plain llama.cpp would', async () => {
    expect(await device.report()).toMatchObject({ architecture: 'gemma', sampling: 'stock', untrainable: expect.stringMatching(/gemma/) });
    const groups = await device.generate({ ...ask, version: 0 });
    for (const { promptTokens, samples } of groups) {
      expect(samples).toHaveLength(4);
      for (const { tokens, logProbs } of samples) {
        const plain = (await stockLogProbs(Int32Array.from([...promptTokens, ...tokens]))).slice(promptTokens.length - 1);
        // Its GELU is read from a table of half precision, which makes rounding visible.
        expect(Math.max(...logProbs.map((value, index) => Math.abs(value - (plain[index] as number))))).toBeLessThan(1e-3);
      }
    }
    const [scored] = await device.score({ agent, version: 0, prompts: [{ text: '37+45=', continuations: ['82\n', 'y', ''] }] });
    expect(scored?.samples.map(({ tokens }) => tokens.length)).toEqual([3, 1, 0]);
    const sequence = Int32Array.from([...(scored?.promptTokens ?? []), ...Buffer.from('82\n')]);
    const plain = (await stockLogProbs(sequence)).slice(-3);
    for (const [index, value] of plain.entries()) expect(scored?.samples[0]?.logProbs[index]).toBeCloseTo(value, 3);
  });

  it('takes adapters whose shapes come from its file, under the canary', async () => {
    const { architecture, modelHash: baseHash } = await device.report();
    const matrices = adaptedMatrices(modelOf(readGgufHeader(path)));
    expect(matrices).toHaveLength(7 * tinySize.layers);
    const { adapter } = await device.exportAgent(agent);
    const content = validateAdapter(adapter, { architecture, baseHash, matrices, maxRank: 8 });
    const file = encodeAdapter({ ...content, values: randomNumbers(content.values.length, 0.15, 5) }, { architecture, baseHash, matrices });
    expect((await device.loadVersion(agent, 1, file, sha256(file))).canaryDifference).toBeLessThan(1e-4);
    const greedy = { ...ask, temperature: 0, stop: '' };
    expect(await device.generate({ ...greedy, version: 1 })).not.toEqual(await device.generate({ ...greedy, version: 0 }));
  });

  it('is not trained, and says why and what can be done', async () => {
    const train = device.train({
      agent,
      groups: [],
      normaliser: 1,
      loss: { kind: 'clipped', clipLow: 0.2, clipHigh: 0.28, klToBase: 0, klEstimator: 'k3', entropyBonus: 0 },
      update: { learningRate: 0.02, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, maxGradientNorm: 1 },
    });
    await expect(train).rejects.toMatchObject({
      code: 'failed_precondition',
      message: expect.stringMatching(/architecture is gemma.*evolution strategies/),
    });
  });

  it('learns by evolution strategies, which need no gradient', async () => {
    const example = { text: '37+45=', continuations: ['82\n'] };
    const likelihood = async (version: number): Promise<number> => {
      const [group] = await device.score({ agent, version, prompts: [example] });
      return [...(group?.samples[0]?.logProbs ?? [])].reduce((sum, value) => sum + value, 0);
    };
    const [group] = await device.score({ agent, version: 0, prompts: [example] });
    const samples = (group?.samples ?? []).map(({ tokens, logProbs }) => ({
      tokens,
      oldLogProbs: logProbs,
      advantages: new Float32Array(tokens.length).fill(1),
    }));
    for (let seed = 0; seed < 8; seed++) {
      const stats = await device.train({
        agent,
        groups: [{ promptTokens: group?.promptTokens ?? new Int32Array(0), samples }],
        normaliser: 3,
        loss: { kind: 'likelihood', klToBase: 0, klEstimator: 'k3', entropyBonus: 0 },
        update: { learningRate: 0.05, beta1: 0.5, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, maxGradientNorm: 0 },
        evolution: { pairs: 8, sigma: 0.05, seed },
      });
      expect(stats.tokens).toBe(3);
    }
    const { adapter } = await device.exportAgent(agent);
    await device.loadVersion(agent, 2, adapter, sha256(adapter));
    expect(await likelihood(2)).toBeGreaterThan((await likelihood(0)) + 0.5);
  });

  it('keeps to grammars and stop texts', async () => {
    const grammar = await device.generate({ ...ask, version: 0, stop: '', maxTokens: 12, grammar: 'root ::= [0-9] [0-9] "="' });
    for (const { text, finish } of grammar.flatMap(({ samples }) => samples)) {
      expect(text).toMatch(/^\d\d=$/);
      expect(finish).toBe('grammar');
    }
    const [free] = await device.generate({ ...ask, version: 0, stop: '', maxTokens: 12, temperature: 0 });
    const said = free?.samples[0]?.tokens ?? new Int32Array();
    const place = said.findIndex((token, index) => index > 0 && token > 32 && token < 127);
    expect(place).toBeGreaterThan(0);
    const stopTexts = [String.fromCharCode(said[place] as number)];
    const [cut] = await device.generate({ ...ask, version: 0, stop: '', maxTokens: 12, temperature: 0, stopTexts });
    expect(cut?.samples[0]).toMatchObject({ finish: 'stop', stop: stopTexts[0] });
    expect(cut?.samples[0]?.tokens.length).toBeLessThanOrEqual(place + 1);
  });

  it('cannot be sampled by our decoder', () => {
    expect(() => openEngine(path, 1, { sampling: 'tree' })).toThrow(/sampling is "tree"/);
  });
});

it('a model that we can train takes either path, and the canary covers both', async () => {
  mkdirSync(join(folder.path, 'llama'));
  const other = new LocalDevice(seconds);
  await other.open({ modelPath: writeTinyModel(join(folder.path, 'llama')), threads: 1, sampling: 'stock' });
  await other.createAgent(agent, tinyAdapter);
  const { adapter } = await other.exportAgent(agent);
  expect((await other.loadVersion(agent, 1, adapter, sha256(adapter))).canaryDifference).toBeLessThan(1e-4);
  expect((await other.report()).sampling).toBe('stock');
  const groups = await other.generate({ ...ask, version: 1 });
  const stats = await other.train({
    agent,
    groups: groups.map(({ promptTokens, samples }) => ({
      promptTokens,
      samples: samples.map(({ tokens, logProbs }) => ({ tokens, oldLogProbs: logProbs, advantages: logProbs.map(() => 1) })),
    })),
    normaliser: 1,
    loss: { kind: 'clipped', clipLow: 0.2, clipHigh: 0.28, klToBase: 0, klEstimator: 'k3', entropyBonus: 0 },
    update: { learningRate: 0, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, maxGradientNorm: 1 },
  });
  expect(stats.logProbMismatch).toBeLessThan(1e-4);
  other.close();
});

it('the path is chosen by the model unless an option says otherwise', () => {
  const tiny = writeTinyModel(folder.path);
  expect(openEngine(tiny).sampling).toBe('tree');
  expect(openEngine(tiny, 1, { sampling: 'stock' }).sampling).toBe('stock');
  expect(() => openEngine(tiny, 1, { sampling: 'best' as 'auto' })).toThrow(/sampling is "best"/);
});
