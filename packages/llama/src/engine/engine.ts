import { RedQueenError } from '@redqueen/core';
import { newSingleThreadBackend } from '../ffi/backend.ts';
import { loadModel, tensorsOf } from '../ffi/llama.ts';
import type { Pointer } from '../ffi/ggml.ts';
import type { GgufHeader } from '../gguf/reader.ts';
import { BaseWeights } from '../model/base-weights.ts';
import { type AnyModel, cannotTrain, isTrainable, modelOf } from '../model/foreign-model.ts';
import { adaptedMatrices } from '../model/parameter-layout.ts';
import { prefixTree } from '../model/prefix-tree.ts';
import { StockSampler } from '../stock/stock-sampler.ts';
import type { AdapterWeights } from './adapter-weights.ts';
import { LanePool, type WorkKind } from './lane-pool.ts';
import { ModelLane } from './model-lane.ts';
import type { TokenSample } from './sample-draft.ts';
import { sampleChunk } from './sampler.ts';
import { type SamplingChoice, samplingPath } from './sampling-path.ts';
import { planSampling, type SamplingSettings, type TokenPrompt } from './sampling-plan.ts';
import { scoreChunk } from './scorer.ts';
import { planTrees } from './tree-chunks.ts';

/** A prompt with continuations, as tokens. */
export interface ScoreItem {
  readonly prompt: Int32Array;
  readonly continuations: readonly Int32Array[];
}

/** What an engine can be told besides its model. */
export interface EngineOptions {
  /** Lanes keep adapters merged into copies of the matrices where these copies take at most this many bytes a lane; 32 MiB where left out. */
  readonly mergeBytes?: number;
  /** Lanes compute layers again in the backward pass where training would keep more than this many bytes; 512 MiB where left out. */
  readonly activationBytes?: number | undefined;
  readonly sampling?: SamplingChoice;
}

/** The base model in memory with the lanes that compute on it. */
export class Engine {
  readonly model: AnyModel;
  /** libllama's model; its tensors are as they are in the file where our graphs read them. */
  readonly native: Pointer;
  /** How samples are drawn. */
  readonly sampling: 'tree' | 'stock';
  readonly #base: BaseWeights | null = null;
  /** Lanes with our graphs, or bare ones where the model's graph is not ours. */
  readonly #pool: LanePool<ModelLane> | LanePool<null>;
  readonly #now: () => number;
  readonly #threads: number;
  readonly #path: string;
  #stock: StockSampler | null = null;

  /**
   * Loads the model and prepares `threads` lanes. `now`: seconds of a monotonic clock. Throws `failed_precondition` for a file that is no language model.
   */
  constructor(path: string, header: GgufHeader, threads: number, now: () => number, options: EngineOptions = {}) {
    const { mergeBytes = 32 << 20, activationBytes = 512 << 20, sampling = 'auto' } = options;
    if (!Number.isInteger(threads) || threads < 1 || threads > 64)
      throw new RedQueenError('invalid_argument', `threads is ${threads}; it must be a whole number from 1 to 64`);
    if (!(activationBytes >= 0)) throw new RedQueenError('invalid_argument', `activationBytes is ${activationBytes}; it must be 0 or more`);
    const model = modelOf(header);
    this.model = model;
    this.#now = now;
    this.#threads = threads;
    this.sampling = samplingPath(model, sampling);
    this.#path = path;
    // Our graphs need the weights as they are in the file.
    this.native = loadModel(path, !isTrainable(model));
    if (isTrainable(model)) {
      const base = new BaseWeights(tensorsOf(this.native), model, newSingleThreadBackend());
      const lanes = Array.from({ length: threads }, () => new ModelLane(model, base, mergeBytes, activationBytes));
      this.#base = base;
      this.#pool = new LanePool(lanes, now);
    } else {
      const lanes = Array.from({ length: threads }, () => null);
      this.#pool = new LanePool(lanes, now);
    }
    if (this.sampling === 'stock') this.#stock = this.#newStock();
  }

  /** The lanes with our graphs. Throws `failed_precondition` where we have none for the model: it cannot be trained. */
  get pool(): LanePool<ModelLane> {
    if (!isTrainable(this.model)) throw cannotTrain(this.model);
    return this.#pool as LanePool<ModelLane>;
  }

  /** Seconds that lanes were occupied, by kind of work, summed over lanes. */
  get seconds(): Readonly<Record<WorkKind, number>> {
    return this.#pool.seconds;
  }

  /** Sampling by stock llama.cpp contexts, whichever path `sample` takes. */
  get stock(): StockSampler {
    this.#stock ??= this.#newStock();
    return this.#stock;
  }

  /** Runs work that occupies one lane and does not need our graphs. */
  onOneLane<Result>(owner: string, kind: WorkKind, work: () => Promise<Result>): Promise<Result> {
    return (this.#pool as LanePool<unknown>).run(owner, kind, work);
  }

  /** Memory of the transposed weights that training needs; 0 before the first training. */
  get transposedBytes(): number {
    return this.#base?.transposedBytes ?? 0;
  }

  /** Samples of every prompt, in order. */
  sample(
    owner: string,
    weights: AdapterWeights,
    prompts: readonly TokenPrompt[],
    settings: SamplingSettings,
  ): Promise<readonly (readonly TokenSample[])[]> {
    if (this.sampling === 'stock') return this.stock.sample(owner, weights, prompts, settings);
    return this.#sampleTrees(owner, weights, prompts, settings);
  }

  async #sampleTrees(
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

  /** Log-probs of every continuation, in order: by our graph, or by stock contexts where the model has none. `kind` is what the time is booked on. */
  score(
    owner: string,
    weights: AdapterWeights,
    items: readonly ScoreItem[],
    kind: WorkKind = 'score',
  ): Promise<readonly (readonly Float32Array[])[]> {
    return isTrainable(this.model) ? this.#scoreTrees(owner, weights, items, kind) : this.stock.score(owner, weights, items);
  }

  async #scoreTrees(
    owner: string,
    weights: AdapterWeights,
    items: readonly ScoreItem[],
    kind: WorkKind,
  ): Promise<readonly (readonly Float32Array[])[]> {
    const results: (readonly Float32Array[])[] = items.map(() => []);
    await Promise.all(
      planTrees(items.map((item) => prefixTree(item.prompt, item.continuations))).map(async (chunk) => {
        const continuations = chunk.places.map((place) => (items[place] as ScoreItem).continuations);
        const groups = await this.pool.run(owner, kind, (member) => scoreChunk(member, weights, chunk, continuations));
        for (const [index, place] of chunk.places.entries()) results[place] = groups[index] as readonly Float32Array[];
      }),
    );
    return results;
  }

  #newStock(): StockSampler {
    const { model } = this;
    // Stock contexts decode up to half as fast again on weights repacked for the processor; those beside it stay in the mapped file until our graphs touch them.
    const native = isTrainable(model) ? loadModel(this.#path, true) : this.native;
    const { architecture, vocabulary, context } = model;
    const keys = isTrainable(model) ? model.keyValueHeads * model.headSize : model.width;
    const facts = { native, architecture, vocabulary, context, matrices: adaptedMatrices(model), cellBytes: 2 * 4 * model.layers * keys };
    return new StockSampler(facts, this.#pool, { threads: this.#threads, now: this.#now });
  }
}
