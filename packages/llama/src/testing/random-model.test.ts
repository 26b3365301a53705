import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { StockContext } from '../ffi/stock-context.ts';
import { loadModel } from '../ffi/llama.ts';
import { summariseModel } from '../model/model-summary.ts';
import { modelShapes } from './model-shapes.ts';
import { type MatrixType, writeRandomModel } from './random-model.ts';
import { randomTokens, temporaryFolder } from './tiny-model.ts';

const folder = temporaryFolder();
afterAll(() => folder.dispose());
const shapes = {
  llama: modelShapes['smollm2-135m'],
  qwen3: modelShapes['qwen3-0.6b'],
  qwen2: { ...modelShapes['qwen3-0.6b'], architecture: 'qwen2', headSize: 64, ropeDimensions: 64, tied: false },
} as const;

it.each([
  ['llama', 'F32', 300],
  ['llama', 'F16', 300],
  ['llama', 'Q8_0', 49_152],
  ['qwen2', 'BF16', 300],
  ['qwen2', 'Q4_K', 5000],
  ['qwen3', 'Q4_0', 300],
  ['qwen3', 'Q6_K', 300],
] as const)('writes a %s model with %s matrices and %i tokens that stock llama.cpp reads', async (name, type: MatrixType, vocabulary) => {
  const path = join(folder.path, `${name}-${type}.gguf`);
  writeRandomModel(path, { ...shapes[name], layers: 1, vocabulary }, { type });
  const summary = summariseModel(path);
  expect(summary).toMatchObject({ architecture: name, training: 'gradients', layers: 1, vocabulary });
  expect(summary.types[type]).toBeGreaterThan(0.5);
  const context = new StockContext(loadModel(path), vocabulary, 8);
  const logits = await context.logits(randomTokens(8, 3));
  context.close();
  const mean = logits.reduce((sum, logit) => sum + logit, 0) / logits.length;
  const deviation = Math.sqrt(logits.reduce((sum, logit) => sum + (logit - mean) ** 2, 0) / logits.length);
  expect(deviation).toBeGreaterThan(0.3);
  expect(deviation).toBeLessThan(5);
  expect(new Set(logits.subarray(0, vocabulary)).size).toBeGreaterThan(0.9 * vocabulary);
});

it('gives the same file for the same seed, and knows the sizes of published models', () => {
  const shape = { ...modelShapes['smollm2-135m'], layers: 1 };
  const [one, two] = ['one.gguf', 'two.gguf'].map((name) => join(folder.path, name)) as [string, string];
  for (const path of [one, two]) writeRandomModel(path, shape, { seed: 5 });
  expect(readFileSync(one).equals(readFileSync(two))).toBe(true);
  expect(summariseModel(one).parameters).toBe(28_311_552 + 576 + 3_540_096);
});
