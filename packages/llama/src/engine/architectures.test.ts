// Every architecture that we claim to know, with random weights, against stock llama.cpp.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { TensorType } from '../ffi/ggml.ts';
import { StockContext } from '../ffi/stock-context.ts';
import type { MetadataEntry, ValueTypeName } from '../gguf/format.ts';
import { parseGguf } from '../gguf/reader.ts';
import { encodeGguf, type TensorData, writeFileWhole } from '../gguf/writer.ts';
import { openEngine, randomAgent, randomNumbers, randomTokens, temporaryFolder, writeTinyModel } from '../testing/tiny-model.ts';
import { baseWeights } from './adapter-weights.ts';
import { totalGradient } from './updater.ts';

const folder = temporaryFolder();
let files = 0;
afterAll(() => folder.dispose());

type PlainTensor = TensorData & { readonly data: Float32Array };

/** The tiny model as another architecture: metadata keys renamed, tensors added or left out. */
function rewritten(architecture: string, change: (tensors: readonly PlainTensor[]) => readonly TensorData[]): string {
  const bytes = readFileSync(writeTinyModel(folder.path));
  const header = parseGguf(bytes, 'tiny');
  const metadata = [...header.metadata].map(([key, value]): MetadataEntry => {
    const [type, elements] = (header.types.get(key) ?? '').split(':') as [ValueTypeName, ValueTypeName | undefined];
    const renamed = {
      key: key.replace(/^llama\./, `${architecture}.`),
      type,
      value: key === 'general.architecture' ? architecture : value,
    };
    return elements === undefined ? renamed : { ...renamed, elements };
  });
  const tensors = header.tensors.map(({ name, shape, offset, bytes: length }) => ({
    name,
    shape,
    data: new Float32Array(bytes.buffer.slice(bytes.byteOffset + offset, bytes.byteOffset + offset + length)),
  }));
  const path = join(folder.path, `rewritten-${files++}.gguf`);
  writeFileWhole(path, encodeGguf(metadata, change(tensors)));
  return path;
}

function extra(names: Readonly<Record<string, number>>, scale: number): readonly TensorData[] {
  return [0, 1].flatMap((layer) =>
    Object.entries(names).map(([name, length], index) => ({
      name: `blk.${layer}.${name}`,
      shape: [length],
      data: randomNumbers(length, scale, layer * 10 + index).map((value) => value + (scale < 1 ? 1 : 0)),
    })),
  );
}

async function differenceFromStock(path: string): Promise<number> {
  const engine = openEngine(path);
  const tokens = randomTokens(20, 9);
  const context = new StockContext(engine.native, engine.model.vocabulary, tokens.length);
  const stock = await context.logits(tokens);
  context.close();
  const [[ours = new Float32Array(0)] = []] = await engine.score('base', baseWeights, [
    { prompt: tokens.subarray(0, 1), continuations: [tokens.subarray(1)] },
  ]);
  const { vocabulary } = engine.model;
  return Math.max(
    ...Array.from(ours, (logProb, position) => {
      const row = stock.subarray(position * vocabulary, (position + 1) * vocabulary);
      const total = Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0));
      return Math.abs((row[tokens[position + 1] as number] as number) - total - logProb);
    }),
  );
}

describe('our graph is that of llama.cpp', () => {
  it('for llama with tied embeddings', async () => {
    const path = rewritten('llama', (tensors) => tensors.filter(({ name }) => name !== 'output.weight'));
    expect(await differenceFromStock(path)).toBeLessThan(1e-4);
  });

  it('for qwen2: biases on queries, keys and values, halves rotated', async () => {
    const biases = extra({ 'attn_q.bias': 64, 'attn_k.bias': 32, 'attn_v.bias': 32 }, 1);
    expect(await differenceFromStock(rewritten('qwen2', (tensors) => [...tensors, ...biases]))).toBeLessThan(1e-4);
  });

  it('for qwen3: queries and keys normalised', async () => {
    const norms = extra({ 'attn_q_norm.weight': 16, 'attn_k_norm.weight': 16 }, 0.5);
    expect(await differenceFromStock(rewritten('qwen3', (tensors) => [...tensors, ...norms]))).toBeLessThan(1e-4);
  });
});

/** Matrices as F16. */
function halved(tensors: readonly PlainTensor[]): readonly TensorData[] {
  return tensors.map((tensor) =>
    tensor.shape.length === 1 ? tensor : { ...tensor, type: TensorType.f16, data: new Uint8Array(Float16Array.from(tensor.data).buffer) },
  );
}

/** Matrices as Q8_0: blocks of 32 signed bytes with a scale in F16. */
function quantised(tensors: readonly PlainTensor[]): readonly TensorData[] {
  return tensors.map((tensor) => (tensor.shape.length === 1 ? tensor : { ...tensor, type: TensorType.q8_0, data: blocks(tensor.data) }));
}

function blocks(values: Float32Array): Uint8Array {
  const bytes = new DataView(new ArrayBuffer((values.length / 32) * 34));
  for (let block = 0; block < values.length / 32; block++) {
    const part = values.subarray(block * 32, block * 32 + 32);
    const scale = Math.max(...part.map(Math.abs)) / 127;
    bytes.setFloat16(block * 34, scale, true);
    for (const [index, value] of part.entries()) bytes.setInt8(block * 34 + 2 + index, Math.round(value / scale));
  }
  return new Uint8Array(bytes.buffer);
}

describe('a base model of another precision', () => {
  it.each([
    ['F16', halved, 0.999],
    ['Q8_0', quantised, 0.99],
  ] as const)(
    '(%s) is sampled as llama.cpp would, and its adapters get nearly the gradients of the F32 model',
    async (_, change, least) => {
      const path = rewritten('llama', change);
      expect(await differenceFromStock(path)).toBeLessThan(1e-3);
      const [coarse, fine] = [await gradientOver(path), await gradientOver(writeTinyModel(folder.path))];
      const product = coarse.reduce((sum, value, index) => sum + value * (fine[index] as number), 0);
      expect(product / Math.hypot(...coarse) / Math.hypot(...fine)).toBeGreaterThan(least);
    },
  );
});

async function gradientOver(path: string): Promise<Float32Array> {
  const engine = openEngine(path);
  const samples = [1, 2].map((seed) => ({
    tokens: randomTokens(4, seed),
    oldLogProbs: new Float32Array(4).fill(-5),
    advantages: randomNumbers(4, 1, seed),
  }));
  const loss = { kind: 'clipped' as const, clipLow: 1e9, clipHigh: 1e9, klToBase: 0, klEstimator: 'k3' as const, entropyBonus: 0 };
  const update = { learningRate: 0, beta1: 0, beta2: 0, epsilon: 1, weightDecay: 0, maxGradientNorm: 0 };
  const request = { groups: [{ promptTokens: randomTokens(6, 3), samples }], normaliser: 1, loss, update };
  return (await totalGradient(engine.pool, randomAgent(engine), request)).gradient;
}
