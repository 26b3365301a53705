// Gemma 3 with random weights: windows, norms and GELU against stock llama.cpp, gradients, and an adapter's way from training to sampling.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { MetadataEntry } from '../gguf/format.ts';
import { encodeAdapter, sha256 } from '../gguf/adapter-file.ts';
import { summariseModel } from '../model/model-summary.ts';
import { adaptedMatrices } from '../model/parameter-layout.ts';
import { expectSlopes } from '../testing/finite-differences.ts';
import type { RandomShape } from '../testing/model-shapes.ts';
import { writeRandomModel } from '../testing/random-model.ts';
import { largestDifference, meanDifference, stockLogProbs } from '../testing/stock.ts';
import { rewriteTinyModel } from '../testing/rewritten-model.ts';
import { smoothGelu } from '../testing/smooth-gelu.ts';
import { openEngine, randomAgent, randomTokens, seconds, temporaryFolder, tinyAdapter } from '../testing/tiny-model.ts';
import { requestFor, smoothLoss } from '../testing/train-request.ts';
import { LocalDevice } from '../worker/device.ts';
import { baseWeights } from './adapter-weights.ts';
import type { Engine, EngineOptions } from './engine.ts';
import { totalGradient } from './updater.ts';

const folder = temporaryFolder();
let files = 0;
afterAll(() => folder.dispose());

const shape: RandomShape = {
  architecture: 'gemma3',
  layers: 3,
  width: 64,
  heads: 4,
  keyValueHeads: 2,
  headSize: 32,
  feedForward: 96,
  context: 256,
  epsilon: 1e-6,
  ropeBase: 1_000_000,
  ropeDimensions: 32,
  ropeMode: 2,
  vocabulary: 259,
  tied: true,
  slidingWindow: { tokens: 9, period: 3, ropeBase: 10_000 },
};

/** A layer with a window and one without. */
const small: Partial<RandomShape> = { layers: 2, width: 32, feedForward: 48, slidingWindow: { tokens: 5, period: 2, ropeBase: 10_000 } };

function write(change: Partial<RandomShape> = {}): string {
  const path = join(folder.path, `gemma-${files++}.gguf`);
  writeRandomModel(path, { ...shape, ...change }, { type: 'F32', seed: 3 });
  return path;
}

async function ownLogProbs(engine: Engine, tokens: Int32Array, weights = baseWeights): Promise<Float32Array> {
  const items = [{ prompt: tokens.subarray(0, 1), continuations: [tokens.subarray(1)] }];
  const [[values = new Float32Array(0)] = []] = await engine.score('base', weights, items);
  return values;
}

const window = (change: Partial<RandomShape['slidingWindow']>): Partial<RandomShape> => ({
  slidingWindow: { tokens: 9, period: 3, ropeBase: 10_000, ...change },
});

describe('our graph for gemma3', () => {
  it.each([
    ['two layers of three with a window', 1e-4, {}],
    ['a window longer than the sequence', 1e-4, window({ tokens: 200 })],
    ['another base inside windows', 1e-4, window({ ropeBase: 500 })],
    ['windows in all layers but the sixth of each six', 1e-4, { layers: 7, ...window({ period: 6 }) }],
    ['the depth of the 27B model, whose products are scaled otherwise', 1e-3, { layers: 62, width: 32, feedForward: 32, context: 128 }],
    ['no whole layer', 1e-4, window({ period: 6 })],
    ['a head of its own', 1e-4, { tied: false }],
  ])('is that of llama.cpp: %s', async (_, mean, change) => {
    const engine = openEngine(write(change));
    const tokens = randomTokens(100, 9);
    const [ours, stock] = [await ownLogProbs(engine, tokens), await stockLogProbs(engine, tokens)];
    // GELU is read from a table of half precision: where rounding crosses a border of the table, a whole step of it shows.
    expect(largestDifference(ours, stock)).toBeLessThan(2e-3);
    expect(meanDifference(ours, stock)).toBeLessThan(mean);
  });

  it('shows windows in the comparison', async () => {
    const tokens = randomTokens(40, 9);
    const [some, none] = [
      await ownLogProbs(openEngine(write()), tokens),
      await ownLogProbs(openEngine(write(window({ tokens: 200 }))), tokens),
    ];
    expect(largestDifference(some.subarray(0, 8), none.subarray(0, 8))).toBeLessThan(1e-5);
    expect(largestDifference(some, none)).toBeGreaterThan(0.01);
  });

  it('has gradients that agree with finite differences for every A and every B', async () => {
    using _smooth = smoothGelu();
    const engine = openEngine(write(small), 1, { mergeBytes: 0 });
    const agent = randomAgent(engine);
    await expectSlopes(engine, agent, await requestFor(engine, agent, smoothLoss, 10), 3e-3);
  });

  it('has the same gradients where layers are computed again, and nearly the same with the table that GELU is read from', async () => {
    const path = write();
    const gradient = async (options: EngineOptions = {}): Promise<Float32Array> => {
      const engine = openEngine(path, 1, options);
      const agent = randomAgent(engine);
      return (await totalGradient(engine.pool, agent, await requestFor(engine, agent, smoothLoss, 24))).gradient;
    };
    const apart = (a: Float32Array, b: Float32Array): number =>
      Math.hypot(...a.map((value, index) => value - (b[index] as number))) / Math.hypot(...b);
    const table = await gradient();
    expect(apart(await gradient({ activationBytes: 0 }), table)).toBeLessThan(1e-5);
    using _smooth = smoothGelu();
    expect(apart(table, await gradient())).toBeLessThan(1e-2);
  });

  it('refuses by name what it does not have', () => {
    const refusal = (more: readonly MetadataEntry[]): string => summariseModel(rewriteTinyModel(folder.path, 'gemma3', more)).reason;
    const sliding: MetadataEntry = { key: 'gemma3.attention.sliding_window', type: 'u32', value: 8 };
    expect(refusal([])).toContain('"gemma3.attention.sliding_window" is missing');
    expect(refusal([sliding, { key: 'gemma3.final_logit_softcapping', type: 'f32', value: 30 }])).toContain('final_logit_softcapping');
    expect(refusal([sliding, { key: 'gemma3.rope.scaling.type', type: 'string', value: 'yarn' }])).toContain('YaRN');
    expect(refusal([sliding, { key: 'gemma3.rope.dimension_count_swa', type: 'u32', value: 8 }])).toContain('dimension_count_swa');
    expect(refusal([sliding])).toBe('');
  });
});

describe('an agent on gemma3', () => {
  const agent = 'run:executor/0';
  /** Longer than the window. */
  const prompts = [
    { text: 'a question that is longer than nine tokens', samples: 4, seed: 1 },
    { text: 'a question that is longer than nine bytes!', samples: 4, seed: 2 },
  ];

  it('samples by stock contexts, trains by gradients, and its adapter does the same in stock llama.cpp', async () => {
    const path = write();
    expect(summariseModel(path)).toMatchObject({ architecture: 'gemma3', training: 'gradients', reason: '' });
    const device = new LocalDevice(seconds);
    const { untrainable, ...report } = await device.open({ modelPath: path, threads: 1 });
    expect(report).toMatchObject({ architecture: 'gemma3', sampling: 'stock' });
    expect(untrainable).toBeUndefined();
    await device.createAgent(agent, tinyAdapter);
    const ask = { agent, prompts, maxTokens: 16, temperature: 1, stop: '' };
    const loss = { kind: 'clipped', clipLow: 0.2, clipHigh: 0.28, klToBase: 0, klEstimator: 'k3', entropyBonus: 0 } as const;
    const update = { learningRate: 0.02, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, maxGradientNorm: 1 };
    for (let version = 0; version < 3; version++) {
      const groups = (await device.generate({ ...ask, version })).map(({ promptTokens, samples }) => ({
        promptTokens,
        samples: samples.map(({ tokens, logProbs }) => ({
          tokens,
          oldLogProbs: logProbs,
          advantages: Float32Array.from(tokens, (token) => (token < 128 ? 1 : -1)),
        })),
      }));
      const stats = await device.train({ agent, groups, normaliser: 128, loss, update });
      expect(stats.logProbMismatch).toBeLessThan(5e-3);
      const { adapter } = await device.exportAgent(agent);
      expect((await device.loadVersion(agent, version + 1, adapter, sha256(adapter))).canaryDifference).toBeLessThan(2e-3);
    }
    device.close();
  });

  it('has an adapter that means the same to stock llama.cpp', async () => {
    const engine = openEngine(write());
    const trained = randomAgent(engine);
    const file = join(folder.path, 'adapter.gguf');
    const base = { architecture: 'gemma3', baseHash: 'a'.repeat(64), matrices: adaptedMatrices(engine.model) };
    writeFileSync(file, encodeAdapter({ rank: tinyAdapter.rank, alpha: tinyAdapter.alpha, values: trained.weights }, base));
    const tokens = randomTokens(60, 4);
    const ours = await ownLogProbs(engine, tokens, trained.current());
    const stock = await stockLogProbs(engine, tokens, { adapter: file });
    expect(largestDifference(ours, stock)).toBeLessThan(2e-3);
    expect(largestDifference(stock, await stockLogProbs(engine, tokens))).toBeGreaterThan(0.05);
  });
});
