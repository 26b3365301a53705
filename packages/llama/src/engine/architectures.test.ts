// Every architecture that we claim to know, with random weights, against stock llama.cpp.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { StockContext } from '../ffi/stock-context.ts';
import type { MetadataEntry, ValueTypeName } from '../gguf/format.ts';
import { parseGguf } from '../gguf/reader.ts';
import { encodeGguf, type TensorData, writeFileWhole } from '../gguf/writer.ts';
import { expectSlopes } from '../testing/finite-differences.ts';
import { requestFor, smoothLoss } from '../testing/train-request.ts';
import { openEngine, randomAgent, randomNumbers, randomTokens, temporaryFolder, writeTinyModel } from '../testing/tiny-model.ts';
import { baseWeights } from './adapter-weights.ts';

const folder = temporaryFolder();
let files = 0;
afterAll(() => folder.dispose());

type PlainTensor = TensorData & { readonly data: Float32Array };

/** The tiny model as another architecture: metadata keys renamed, tensors added or left out. */
function rewritten(
  architecture: string,
  change: (tensors: readonly PlainTensor[]) => readonly TensorData[],
  added: readonly MetadataEntry[] = [],
): string {
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
  writeFileWhole(path, encodeGguf([...metadata, ...added], change(tensors)));
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

const tied = (): string => rewritten('llama', (tensors) => tensors.filter(({ name }) => name !== 'output.weight'));
const qwen2 = (added: readonly MetadataEntry[] = []): string => {
  const biases = extra({ 'attn_q.bias': 64, 'attn_k.bias': 32, 'attn_v.bias': 32 }, 1);
  return rewritten('qwen2', (tensors) => [...tensors, ...biases], added);
};
const qwen3 = (): string => {
  const norms = extra({ 'attn_q_norm.weight': 16, 'attn_k_norm.weight': 16 }, 0.5);
  return rewritten('qwen3', (tensors) => [...tensors, ...norms]);
};
/** One divisor a frequency, as files of Llama 3.1 and later have them. */
const llama3 = (): string =>
  rewritten('llama', (tensors) => [
    { name: 'rope_freqs.weight', shape: [8], data: Float32Array.from([1, 1, 1, 1.5, 3, 8, 8, 8]) },
    ...tensors,
  ]);

function scaling(architecture: string, type: string, more: Readonly<Record<string, number>>): readonly MetadataEntry[] {
  const key = (name: string): string => `${architecture}.rope.scaling.${name}`;
  return [
    { key: key('type'), type: 'string', value: type },
    ...Object.entries(more).map(
      ([name, value]): MetadataEntry => ({
        key: key(name),
        type: Number.isInteger(value) && name.includes('context') ? 'u32' : 'f32',
        value,
      }),
    ),
  ];
}

const variants: readonly (readonly [string, () => string])[] = [
  ['llama with tied embeddings', tied],
  ['qwen2: biases on queries, keys and values, halves rotated', qwen2],
  ['qwen3: queries and keys normalised', qwen3],
  ['llama with frequency factors (Llama 3.1 and later)', llama3],
  ['llama with linear RoPE scaling', () => rewritten('llama', (tensors) => tensors, scaling('llama', 'linear', { factor: 4 }))],
  ['qwen2 with YaRN', () => qwen2(scaling('qwen2', 'yarn', { factor: 4, original_context_length: 16 }))],
  [
    'qwen2 with YaRN and a factor on attention',
    () => qwen2(scaling('qwen2', 'yarn', { factor: 8, original_context_length: 32, attn_factor: 0.7 })),
  ],
];

describe.each(variants)('our graph for %s', (_, write) => {
  it('is that of llama.cpp', async () => {
    expect(await differenceFromStock(write())).toBeLessThan(1e-4);
  });

  it('has gradients that agree with finite differences for every A and every B', async () => {
    const engine = openEngine(write(), 1, { mergeBytes: 0 });
    const agent = randomAgent(engine);
    await expectSlopes(engine, agent, await requestFor(engine, agent, smoothLoss, 8), 3e-3);
  });
});

it('RoPE scaling is visible in the comparison, and what our graph lacks is refused by name', async () => {
  const scores = async (path: string): Promise<readonly number[]> => {
    const engine = openEngine(path);
    const tokens = randomTokens(20, 9);
    const [[values = []] = []] = await engine.score('base', baseWeights, [
      { prompt: tokens.subarray(0, 1), continuations: [tokens.subarray(1)] },
    ]);
    return [...values];
  };
  const plain = await scores(qwen2());
  const scaled = await scores(qwen2(scaling('qwen2', 'yarn', { factor: 4, original_context_length: 16 })));
  expect(Math.max(...plain.map((value, index) => Math.abs(value - (scaled[index] as number))))).toBeGreaterThan(0.01);
  expect(() => openEngine(qwen2(scaling('qwen2', 'longrope', { factor: 4 }))).pool).toThrow('RoPE scaling "longrope"');
  expect(() => openEngine(qwen2(scaling('qwen2', 'yarn', { factor: 4, yarn_beta_fast: 16 }))).pool).toThrow('yarn_beta_fast');
});
