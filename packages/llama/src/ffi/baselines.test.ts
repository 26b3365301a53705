// What our engine and trainer are measured against computes the same model as they do.
import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { baseWeights } from '../engine/adapter-weights.ts';
import { RowSoftmax } from '../losses/softmax.ts';
import { decodeModel, byteModel } from '../starter/model-file.ts';
import { openFullTrainer } from '../starter/open-full-trainer.ts';
import { openEngine, randomTokens, seconds, temporaryFolder, tinySize, writeTinyModel } from '../testing/tiny-model.ts';
import { BatchedDecoding } from './batched-decoding.ts';
import { TensorType } from './ggml.ts';
import { StockTraining } from './stock-training.ts';

const folder = temporaryFolder();
afterAll(() => folder.dispose());
const path = writeTinyModel(folder.path);
const model = byteModel(tinySize);

test('batched decoding gives every sequence the logits that follow from the shared prompt and its own tokens', async () => {
  const prompt = randomTokens(7, 1);
  const sequences = [randomTokens(5, 2), randomTokens(5, 3), randomTokens(5, 4)];
  const decoding = new BatchedDecoding(path, { threads: 1, sequences: 3, length: 16, cacheType: TensorType.f32, flashAttention: false });
  // Twice, because a run must not see what an earlier one left.
  for (let round = 0; round < 2; round++) decoding.run(prompt, 5, (step, sequence) => (sequences[sequence] as Int32Array)[step] as number);
  const logits = decoding.lastLogits(model.vocabulary);
  decoding.close();
  const continuations = sequences.map((tokens) => Int32Array.from([...tokens, 65]));
  const [scores = []] = await openEngine(path).score('agent', baseWeights, [{ prompt, continuations }]);
  const softmax = new RowSoftmax(model.vocabulary);
  for (const [index, logProbs] of scores.entries()) {
    softmax.read(logits, index * model.vocabulary);
    expect((logits[index * model.vocabulary + 65] as number) - softmax.logTotal).toBeCloseTo(logProbs.at(-1) as number, 3);
  }
});

test('stock training starts from the loss that our trainer starts from, and both lower it', async () => {
  const settings = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, maxGradientNorm: 0 };
  const tokens = randomTokens(24, 5);
  const labels = Int32Array.from([...tokens.subarray(1), 66]);
  const ours = await openFullTrainer(model, decodeModel(model, readFileSync(path)), 1, seconds);
  const stock = new StockTraining(path, 24, 1, settings);
  const line = { prompt: tokens.subarray(0, 1), answer: labels };
  const losses = { ours: [] as number[], stock: [] as number[] };
  for (let step = 0; step < 8; step++) {
    losses.ours.push((await ours.update([line], settings)).loss);
    losses.stock.push(stock.epoch(tokens, labels));
  }
  stock.close();
  expect(losses.stock[0]).toBeCloseTo(losses.ours[0] as number, 3);
  for (const kind of ['ours', 'stock'] as const) expect(losses[kind].at(-1)).toBeLessThan((losses[kind][0] as number) * 0.8);
});
