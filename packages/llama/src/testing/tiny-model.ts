// A random model small enough for tests, written by our own writer and read by the real llama.cpp.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent } from '../engine/agent.ts';
import { Engine } from '../engine/engine.ts';
import { sampleStream } from '../engine/sample-stream.ts';
import { readGgufHeader } from '../gguf/reader.ts';
import { writeFileWhole } from '../gguf/writer.ts';
import type { HyperParameters } from '../model/hyper-parameters.ts';
import { byteModel, encodeModel, initialModel } from '../starter/model-file.ts';
import type { AdapterSettings } from '../worker/protocol.ts';

/** Two layers of width 64 over bytes. */
export const tinySize = { layers: 2, width: 64, heads: 4, keyValueHeads: 2, feedForward: 96, context: 128 } as const;

/** Settings of the adapters in tests. */
export const tinyAdapter: AdapterSettings = { rank: 4, alpha: 12, seed: 7 };

/** Monotonic seconds. */
export const seconds = (): number => performance.now() / 1000;

/** A folder that `dispose` removes. */
export interface TemporaryFolder {
  readonly path: string;
  dispose(): void;
}

/** A fresh folder for files of one test file. */
export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), 'redqueen-llama-'));
  return { path, dispose: () => rmSync(path, { recursive: true, force: true }) };
}

/** Writes a tiny random model and returns its path. The same seed gives the same file. */
export function writeTinyModel(folder: string, seed = 1): string {
  const model: HyperParameters = byteModel(tinySize);
  const path = join(folder, `tiny-${seed}.gguf`);
  // Weights larger than at a real start, so that logits differ visibly between tokens.
  const weights = initialModel(model, seed).map((weight) => (weight === 1 ? 1 : weight * 2));
  writeFileWhole(path, encodeModel(model, weights, `tiny ${seed}`));
  return path;
}

/** An engine over a model file. `mergeBytes` 0 keeps adapters apart from the matrices, `activationBytes` 0 computes layers again in backward passes. */
export function openEngine(path: string, threads = 1, mergeBytes?: number, activationBytes?: number): Engine {
  return new Engine(path, readGgufHeader(path), threads, seconds, { mergeBytes, activationBytes });
}

/** Numbers in ±scale. */
export function randomNumbers(length: number, scale: number, seed: number): Float32Array {
  const uniform = sampleStream(seed, 0);
  return Float32Array.from({ length }, () => (2 * uniform() - 1) * scale);
}

/** An agent whose adapter does something: A and B random. */
export function randomAgent(engine: Engine, name = 'agent', seed = 11): Agent {
  const agent = new Agent(name, tinyAdapter, engine.model);
  agent.weights = randomNumbers(agent.layout.length, 0.15, seed);
  agent.changed();
  return agent;
}

/** Random bytes as tokens. */
export function randomTokens(length: number, seed: number): Int32Array {
  const uniform = sampleStream(seed, 1);
  return Int32Array.from({ length }, () => Math.floor(uniform() * 256));
}
