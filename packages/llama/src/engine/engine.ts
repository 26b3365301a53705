import { RedQueenError } from '@redqueen/core';
import { newSingleThreadBackend } from '../ffi/backend.ts';
import { loadModel, tensorsOf } from '../ffi/llama.ts';
import type { Pointer } from '../ffi/ggml.ts';
import type { GgufHeader } from '../gguf/reader.ts';
import { prepareBase } from '../model/base-weights.ts';
import { type AnyModel, cannotTrain, isTrainable, modelOf } from '../model/foreign-model.ts';
import { adaptedMatrices } from '../model/parameter-layout.ts';
import { prefixTree } from '../model/prefix-tree.ts';
import { StockSampler } from '../stock/stock-sampler.ts';
import type { AdapterWeights } from './adapter-weights.ts';
import { LanePool, type WorkKind } from './lane-pool.ts';
import { ModelLane } from './model-lane.ts';
import { sampleChunk, type TokenSample } from './sampler.ts';
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
  /** Lanes keep adapters merged into copies of the matrices where these copies take at most this many bytes a lane. */
  readonly mergeBytes?: number;
  readonly sampling?: SamplingChoice;
}

/** The base model in memory with the lanes that compute on it. */
export class Engine {
  readonly model: AnyModel;
  /** libllama's model, for stock contexts. */
  readonly native: Pointer;
  /** How samples are drawn. */
  readonly sampling: 'tree' | 'stock';
  /** Lanes with our graphs, or bare ones where the model's graph is not ours. */
  readonly #pool: LanePool<ModelLane> | LanePool<null>;
  readonly #now: () => number;
  readonly #threads: number;
  #stock: StockSampler | null = null;

  /**
   * Loads the model and prepares `threads` lanes. `now`: seconds of a monotonic clock. Throws `failed_precondition` for a file that is no language model.
   */
  constructor(path: string, header: GgufHeader, threads: number, now: () => number, options: EngineOptions = {}) {
    const { mergeBytes = 32 << 20, sampling = 'auto' } = options;
    if (!Number.isInteger(threads) || threads < 1 || threads > 64)
      throw new RedQueenError('invalid_argument', `threads is ${threads}; it must be a whole number from 1 to 64`);
    const model = modelOf(header);
    this.model = model;
    this.#now = now;
    this.#threads = threads;
    this.sampling = samplingPath(model, sampling);
    this.native = loadModel(path);
    if (isTrainable(model)) {
      const base = prepareBase(tensorsOf(this.native), model, newSingleThreadBackend());
      const lanes = Array.from({ length: threads }, () => new ModelLane(model, base, mergeBytes));
      this.#pool = new LanePool(lanes, now);
    } else this.#pool = new LanePool(new Array<null>(threads).fill(null), now);
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

  /** Samples of every prompt, in order. The signal ends sampling by stock contexts at the next step; chunks of our decoder run to their end. */
  sample(
    owner: string,
    weights: AdapterWeights,
    prompts: readonly TokenPrompt[],
    settings: SamplingSettings,
    signal?: AbortSignal,
  ): Promise<readonly (readonly TokenSample[])[]> {
    if (this.sampling === 'stock') return this.stock.sample(owner, weights, prompts, settings, signal);
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

  /** Log-probs of every continuation, in order: by our graph, or by stock contexts where the model has none. */
  score(owner: string, weights: AdapterWeights, items: readonly ScoreItem[]): Promise<readonly (readonly Float32Array[])[]> {
    return isTrainable(this.model) ? this.#scoreTrees(owner, weights, items) : this.stock.score(owner, weights, items);
  }

  async #scoreTrees(owner: string, weights: AdapterWeights, items: readonly ScoreItem[]): Promise<readonly (readonly Float32Array[])[]> {
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

  #newStock(): StockSampler {
    const { model, native } = this;
    const { architecture, vocabulary, context } = model;
    const keys = isTrainable(model) ? model.keyValueHeads * model.headSize : model.width;
    const facts = { native, architecture, vocabulary, context, matrices: adaptedMatrices(model), cellBytes: 2 * 4 * model.layers * keys };
    return new StockSampler(facts, this.#pool, { threads: this.#threads, now: this.#now });
  }
}
