// Base models whose matrices are of every common type, in every architecture, against stock llama.cpp and against the same weights as F32.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { dequantise } from '../ffi/quantise.ts';
import type { MetadataEntry, ValueTypeName } from '../gguf/format.ts';
import { parseGguf } from '../gguf/reader.ts';
import { encodeGguf, writeFileWhole } from '../gguf/writer.ts';
import type { RandomShape } from '../testing/model-shapes.ts';
import { type MatrixType, writeRandomModel } from '../testing/random-model.ts';
import { largestDifference, stockLogProbs } from '../testing/stock.ts';
import { openEngine, randomAgent, randomTokens, temporaryFolder } from '../testing/tiny-model.ts';
import { requestFor, smoothLoss } from '../testing/train-request.ts';
import { baseWeights } from './adapter-weights.ts';
import type { UpdateRequest } from './gradient.ts';
import { totalGradient } from './updater.ts';

const folder = temporaryFolder();
afterAll(() => folder.dispose());

/** Rows of 256 and 512 numbers, so that K-quants fit. */
const shape: RandomShape = {
  architecture: 'llama',
  layers: 2,
  width: 256,
  heads: 4,
  keyValueHeads: 2,
  headSize: 64,
  feedForward: 512,
  context: 128,
  epsilon: 1e-5,
  ropeBase: 10_000,
  ropeDimensions: 64,
  ropeMode: 0,
  vocabulary: 320,
  tied: true,
};

const gemma: RandomShape = {
  ...shape,
  architecture: 'gemma3',
  ropeMode: 2,
  headSize: 32,
  ropeDimensions: 32,
  slidingWindow: { tokens: 7, period: 2, ropeBase: 5000 },
};

/** With how much of what `types` allow is allowed: what Gemma's parts add to the residual stream is brought to one size first, rounding included. */
const shapes: readonly (readonly [RandomShape, number])[] = [
  [shape, 1],
  [{ ...shape, architecture: 'qwen2', ropeMode: 2, tied: false }, 1],
  [{ ...shape, architecture: 'qwen3', ropeMode: 2, headSize: 32, ropeDimensions: 32 }, 1],
  [gemma, 5],
];

/**
 * For each type: how far log-probs may be from llama.cpp's, and the least cosine between gradients. Activations meet quantised weights
 * as 8-bit numbers, those of K-quants with one scale for 256 of them.
 */
const types: readonly (readonly [MatrixType, number, number])[] = [
  ['F32', 1e-4, 0.999_999],
  ['F16', 2e-3, 0.9999],
  ['BF16', 2e-2, 0.999],
  ['Q8_0', 2e-2, 0.999],
  ['Q4_0', 2e-2, 0.999],
  ['Q4_1', 2e-2, 0.999],
  ['Q5_0', 2e-2, 0.999],
  ['Q5_1', 2e-2, 0.999],
  ['Q4_K', 2e-2, 0.997],
  ['Q5_K', 2e-2, 0.997],
  ['Q6_K', 2e-2, 0.997],
];

/** The same weights as F32. */
function dequantised(path: string): string {
  const bytes = readFileSync(path);
  const header = parseGguf(bytes, 'model');
  const metadata = [...header.metadata].map(([key, value]): MetadataEntry => {
    const [type, elements] = (header.types.get(key) ?? '').split(':') as [ValueTypeName, ValueTypeName | undefined];
    return elements === undefined ? { key, type, value } : { key, type, elements, value };
  });
  const tensors = header.tensors.map(({ name, shape: sizes, type, offset, bytes: length }) => ({
    name,
    shape: sizes,
    data: dequantise(type, bytes.subarray(offset, offset + length)),
  }));
  const target = `${path}.f32`;
  writeFileWhole(target, encodeGguf(metadata, tensors));
  return target;
}

async function gradientOver(path: string, request: UpdateRequest): Promise<Float32Array> {
  const engine = openEngine(path, 1, { mergeBytes: 0 });
  return (await totalGradient(engine.pool, randomAgent(engine), request)).gradient;
}

function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] as number), 0) / Math.hypot(...a) / Math.hypot(...b);
}

describe.each(shapes.map(([each, slack]) => [each.architecture, each, slack] as const))('%s', (architecture, each, slack) => {
  it.each(types)(
    'with %s matrices has the log-probs of llama.cpp, and nearly the gradients of the same weights as F32',
    async (type, apart, least) => {
      const path = join(folder.path, `${architecture}-${type}.gguf`);
      writeRandomModel(path, each, { type });
      const engine = openEngine(path, 1, { mergeBytes: 0 });
      const tokens = randomTokens(24, 5);
      const [[ours = []] = []] = await engine.score('base', baseWeights, [
        { prompt: tokens.subarray(0, 1), continuations: [tokens.subarray(1)] },
      ]);
      expect(largestDifference(ours, await stockLogProbs(engine, tokens))).toBeLessThan(slack * apart);
      const request = await requestFor(engine, randomAgent(engine), { ...smoothLoss, klToBase: 0 }, 12);
      const [coarse, fine] = [await gradientOver(path, request), await gradientOver(dequantised(path), request)];
      expect(cosine(coarse, fine)).toBeGreaterThan(1 - slack * (1 - least));
      expect(Math.hypot(...coarse) / Math.hypot(...fine)).toBeCloseTo(1, 1);
    },
  );
});
