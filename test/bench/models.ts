// Models that benches run on, by name, written or opened on first use and kept for the benches after.
import { join } from 'node:path';
import { projectFolder } from '@redqueen/runtime';
import { Agent } from '../../packages/llama/src/engine/agent.ts';
import { Engine } from '../../packages/llama/src/engine/engine.ts';
import { readGgufHeader } from '../../packages/llama/src/gguf/reader.ts';
import type { SamplingChoice } from '../../packages/llama/src/engine/sampling-path.ts';
import { byteModel } from '../../packages/llama/src/starter/model-file.ts';
import { modelShapes, type RandomShape } from '../../packages/llama/src/testing/model-shapes.ts';
import { type MatrixType, writeRandomModel } from '../../packages/llama/src/testing/random-model.ts';
import { randomNumbers, seconds } from '../../packages/llama/src/testing/tiny-model.ts';

interface RandomModel {
  readonly shape: RandomShape;
  readonly type: MatrixType;
}

const bytes = (size: Parameters<typeof byteModel>[0]): RandomShape => ({ ...byteModel(size), tied: false });
const smollm2 = modelShapes['smollm2-135m'];

/** Random weights in these shapes; llama.cpp's own trainer needs F32, and ours an output matrix of its own. */
const randomModels = {
  tiny: { shape: bytes({ layers: 2, width: 64, heads: 4, keyValueHeads: 2, feedForward: 96, context: 512 }), type: 'F32' },
  small: { shape: bytes({ layers: 4, width: 256, heads: 4, keyValueHeads: 2, feedForward: 768, context: 1024 }), type: 'F32' },
  medium: {
    shape: { ...smollm2, layers: 4, width: 256, heads: 4, keyValueHeads: 2, feedForward: 768, vocabulary: 4096 },
    type: 'Q8_0',
  },
  'smollm2-135m': { shape: smollm2, type: 'Q8_0' },
  'smollm2-135m-f32': { shape: { ...smollm2, tied: false }, type: 'F32' },
} as const satisfies Readonly<Record<string, RandomModel>>;

/** The starter, or a shape with random weights. */
export type ModelName = 'starter' | keyof typeof randomModels;

/** The clocks of this process. */
export const clocks = {
  now: seconds,
  processor: (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  },
} as const;

/** Rank, scale and seed of the adapters that are measured. */
export const adapterSettings = { rank: 16, alpha: 32, seed: 7 } as const;

/** Model files in a folder of their own, and engines over them. */
export class Models {
  readonly #folder: string;
  readonly #sampling: SamplingChoice;
  readonly #paths = new Map<ModelName, string>();
  readonly #engines = new Map<string, Engine>();

  /** `folder` must exist; whoever made it removes it. `sampling`: the path of engines that are not asked for another. */
  constructor(folder: string, sampling: SamplingChoice = 'auto') {
    this.#folder = folder;
    this.#sampling = sampling;
  }

  /** The model's file. */
  path(name: ModelName): string {
    const known = this.#paths.get(name);
    if (known !== undefined) return known;
    const path = name === 'starter' ? join(projectFolder, 'config/models/starter.gguf') : join(this.#folder, `${name}.gguf`);
    if (name !== 'starter') writeRandomModel(path, randomModels[name].shape, { type: randomModels[name].type });
    this.#paths.set(name, path);
    return path;
  }

  /** An engine with that many lanes. */
  engine(name: ModelName, threads: number, sampling = this.#sampling): Engine {
    const key = `${name} ${threads} ${sampling}`;
    let engine = this.#engines.get(key);
    if (engine === undefined) {
      const path = this.path(name);
      engine = new Engine(path, readGgufHeader(path), threads, seconds, { sampling });
      this.#engines.set(key, engine);
    }
    return engine;
  }
}

/** An agent whose adapter does something: A and B random, small enough for any model. */
export function adaptedAgent(engine: Engine, name: string, seed = 1): Agent {
  const agent = new Agent(name, adapterSettings, engine.model);
  agent.weights = randomNumbers(agent.layout.length, 0.01, seed);
  agent.changed();
  return agent;
}

/** Random tokens among the model's bytes; another first token for each of 256 seeds in a row. */
export function promptOf({ vocabulary }: { readonly vocabulary: number }, length: number, seed: number): Int32Array {
  return Int32Array.from({ length }, (_, index) => (index * 7919 + seed * 104_729 + ((index * index) % 977)) % Math.min(256, vocabulary));
}

/** Prompts that begin differently one after another, so that nothing remembered of an earlier one is of any use. */
export function freshPrompts(model: { readonly vocabulary: number }, length: number): () => Int32Array {
  let seed = 0;
  return () => promptOf(model, length, seed++);
}
