import { RedQueenError } from '@redqueen/core';
import { newSingleThreadBackend } from '../ffi/backend.ts';
import { loadModel, tensorsOf } from '../ffi/llama.ts';
import type { Pointer } from '../ffi/ggml.ts';
import type { GgufHeader } from '../gguf/reader.ts';
import { BaseWeights } from '../model/base-weights.ts';
import { type HyperParameters, hyperParametersOf } from '../model/hyper-parameters.ts';
import { prefixTree } from '../model/prefix-tree.ts';
import type { AdapterWeights } from './adapter-weights.ts';
import { LanePool } from './lane-pool.ts';
import { ModelLane } from './model-lane.ts';
import { sampleChunk, type TokenSample } from './sampler.ts';
import { planSampling, type SamplingSettings, type TokenPrompt } from './sampling-plan.ts';
import { scoreChunk } from './scorer.ts';
import { planTrees } from './tree-chunks.ts';

/** A prompt with continuations, as tokens. */
export interface ScoreItem {
  readonly prompt: Int32Array;
  readonly continuations: readonly Int32Array[];
}

/** What a lane may use beside the model. */
export interface MemoryBounds {
  /** Adapters are kept merged into copies of the matrices where these take at most this much: 32 MiB where left out, 0 for never. */
  readonly mergeBytes?: number | undefined;
  /** Layers are computed again in the backward pass where training would otherwise keep more than this: 512 MiB where left out. */
  readonly activationBytes?: number | undefined;
}

/** The base model in memory with the lanes that compute on it. */
export class Engine {
  readonly model: HyperParameters;
  readonly pool: LanePool<ModelLane>;
  /** libllama's model, for stock contexts. */
  readonly native: Pointer;
  readonly #base: BaseWeights;

  /** Loads the model and prepares `threads` lanes. `now`: seconds of a monotonic clock. Throws `failed_precondition` for a model that cannot be trained. */
  constructor(path: string, header: GgufHeader, threads: number, now: () => number, bounds: MemoryBounds = {}) {
    const { mergeBytes = 32 << 20, activationBytes = 512 << 20 } = bounds;
    if (!Number.isInteger(threads) || threads < 1 || threads > 64)
      throw new RedQueenError('invalid_argument', `threads is ${threads}; it must be a whole number from 1 to 64`);
    if (!(activationBytes >= 0)) throw new RedQueenError('invalid_argument', `activationBytes is ${activationBytes}; it must be 0 or more`);
    this.model = hyperParametersOf(header);
    this.native = loadModel(path);
    const loaded = tensorsOf(this.native);
    this.#base = new BaseWeights(loaded, this.model, newSingleThreadBackend());
    this.pool = new LanePool(
      Array.from({ length: threads }, () => new ModelLane(this.model, this.#base, mergeBytes, activationBytes)),
      now,
    );
  }

  /** Memory of the transposed weights that training needs; 0 before the first training. */
  get transposedBytes(): number {
    return this.#base.transposedBytes;
  }

  /** Samples of every prompt, in order. */
  async sample(
    owner: string,
    weights: AdapterWeights,
    prompts: readonly TokenPrompt[],
    settings: SamplingSettings,
  ): Promise<readonly (readonly TokenSample[])[]> {
    const results: (readonly TokenSample[])[] = prompts.map(() => []);
    await Promise.all(
      planSampling(prompts, settings).map(async (chunk) => {
        const groups = await this.pool.run(owner, 'sample', (member) => sampleChunk(member, weights, chunk, settings));
        for (const [index, place] of chunk.places.entries()) results[place] = groups[index] as readonly TokenSample[];
      }),
    );
    return results;
  }

  /** Log-probs of every continuation, in order. */
  async score(owner: string, weights: AdapterWeights, items: readonly ScoreItem[]): Promise<readonly (readonly Float32Array[])[]> {
    const results: (readonly Float32Array[])[] = items.map(() => []);
    await Promise.all(
      planTrees(items.map((item) => prefixTree(item.prompt, item.continuations))).map(async (chunk) => {
        const continuations = chunk.places.map((place) => (items[place] as ScoreItem).continuations);
        const groups = await this.pool.run(owner, 'score', (member) => scoreChunk(member, weights, chunk, continuations));
        for (const [index, place] of chunk.places.entries()) results[place] = groups[index] as readonly Float32Array[];
      }),
    );
    return results;
  }
}
