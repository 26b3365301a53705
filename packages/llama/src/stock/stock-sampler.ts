import { RedQueenError } from '@redqueen/core';
import type { AdapterWeights } from '../engine/adapter-weights.ts';
import type { TokenSample } from '../engine/sample-draft.ts';
import type { SamplingSettings, TokenPrompt } from '../engine/sampling-plan.ts';
import type { Pointer } from '../ffi/ggml.ts';
import { llama } from '../ffi/llama.ts';
import { type AdaptedModel, loadAdapter } from './adapter-loader.ts';
import { Batcher, type BatcherCounts, type BatcherTools } from './batcher.ts';
import type { SequencePlan } from './context-room.ts';
import { ContextPool } from './context-pool.ts';
import { DecodeContext } from './decode-context.ts';
import { LogitRows } from './logit-rows.ts';
import type { PrefixSharing } from './prompt-sequences.ts';
import { ThreadChoice } from './thread-choice.ts';
import { type AnyWork, SampleGroup, ScoreGroup } from './work.ts';

/** The model as the stock path needs to know it. */
export interface StockModel extends AdaptedModel {
  readonly native: Pointer;
  readonly vocabulary: number;
  /** Longest sequence. */
  readonly context: number;
  /** Bytes of a cell of the key-value cache, for the bound on memory. */
  readonly cellBytes: number;
}

/** Who computes when: work that needs all threads of the device waits for its owner's turn. */
export interface Turns {
  runAlone<Result>(owner: string, kind: 'sample', work: () => Promise<Result>): Promise<Result>;
}

/** Bounds of the stock path. */
export interface StockOptions {
  readonly threads: number;
  /** Samples decoded together; more samples share each pass over the weights, but each attends over the cells of all. */
  readonly slots?: number;
  /** Contexts, and so adapter versions, that are kept ready. */
  readonly contexts?: number;
  /** Bytes that the cache of one context takes at most. */
  readonly cacheBytes?: number;
  /** Whether prompts with a common beginning share it. */
  readonly cachePrefixes?: boolean;
  /** Seconds of a monotonic clock. */
  readonly now: () => number;
}

const leastCells = 512;

/**
 * Sampling and scoring by plain libllama contexts, for every architecture that llama.cpp knows: continuous batching with shared prompts, one context an
 * adapter version, versions taking turns of some decode steps. Samples depend on weights, prompt and seed; which other samples are in the batch moves
 * logits by rounding only.
 */
export class StockSampler {
  readonly #model: StockModel;
  readonly #turns: Turns;
  readonly #tools: BatcherTools;
  readonly #batchers = new Map<string, { readonly batcher: Batcher; readonly weights: AdapterWeights; scheduled: boolean }>();
  readonly #contexts: ContextPool;
  readonly #mostCells: number;

  /** Throws `failed_precondition` for a model that does not continue texts. */
  constructor(model: StockModel, turns: Turns, options: StockOptions) {
    const { threads, now, slots = 16, contexts = 8, cacheBytes = 1 << 30 } = options;
    if (!llama.hasDecoder(model.native) || llama.hasEncoder(model.native))
      throw new RedQueenError('failed_precondition', 'model: it does not continue texts; use a decoder-only language model');
    this.#model = model;
    this.#turns = turns;
    this.#mostCells = Math.max(leastCells, Math.floor(cacheBytes / model.cellBytes));
    const plan: SequencePlan = { slots, prompts: 3 * slots, scores: 8 };
    const sharing = options.cachePrefixes === false ? 'none' : sharingOf(model.native);
    this.#tools = { rows: new LogitRows(model.vocabulary), threads: new ThreadChoice(threads), sharing, plan, now };
    this.#contexts = new ContextPool(contexts, {
      open: (cells) => new DecodeContext(model.native, { cells, sequences: slots + plan.prompts + plan.scores }, threads),
      prepare: (context, key) => loadAdapter(context, model, (this.#batchers.get(key) as { readonly weights: AdapterWeights }).weights),
    });
  }

  /** Longest sequence that can be sampled or scored. */
  get context(): number {
    return Math.min(this.#model.context, this.#mostCells);
  }

  /** What was computed with these weights since they came into use; undefined where they are not in use. */
  counts(key: string): Readonly<BatcherCounts> | undefined {
    return this.#batchers.get(key)?.batcher.counts;
  }

  /** Samples decoded with these weights right now. */
  running(key: string): number {
    return this.#batchers.get(key)?.batcher.running ?? 0;
  }

  /** Adapter versions that have a context, least recently used first. */
  get versions(): readonly string[] {
    return this.#contexts.keys;
  }

  /**
   * Samples of every prompt, in order. Throws `invalid_argument` where a prompt and its answer do not fit the context, and the signal's reason once
   * the settings' signal aborts; the slots are then free before anything else is decoded.
   */
  sample(
    owner: string,
    weights: AdapterWeights,
    prompts: readonly TokenPrompt[],
    settings: SamplingSettings,
  ): Promise<readonly (readonly TokenSample[])[]> {
    for (const [index, { tokens }] of prompts.entries()) this.#checkLength(`prompts[${index}]`, tokens.length, settings.maxTokens);
    const groups = prompts.map((prompt) => new SampleGroup(owner, prompt, settings));
    return this.#done(weights, groups, settings.signal);
  }

  /** Log-probs of every continuation, in order. Throws as `sample` does. */
  score(
    owner: string,
    weights: AdapterWeights,
    items: readonly { readonly prompt: Int32Array; readonly continuations: readonly Int32Array[] }[],
    signal?: AbortSignal,
  ): Promise<readonly (readonly Float32Array[])[]> {
    for (const [index, { prompt, continuations }] of items.entries())
      this.#checkLength(`prompts[${index}]`, prompt.length, Math.max(0, ...continuations.map(({ length }) => length)));
    const groups = items.map(({ prompt, continuations }) => new ScoreGroup(owner, prompt, continuations));
    return this.#done(weights, groups, signal);
  }

  /** Frees all contexts. Only while nothing is computed. */
  close(): void {
    this.#contexts.close();
    this.#batchers.clear();
    this.#tools.rows.close();
  }

  #checkLength(field: string, prompt: number, answer: number): void {
    if (prompt + answer > this.context)
      throw new RedQueenError(
        'invalid_argument',
        `${field} needs ${prompt + answer} tokens (${prompt} and up to ${answer} more); the model's context is ${this.context}`,
      );
  }

  async #done<Result>(
    weights: AdapterWeights,
    works: readonly (AnyWork & { readonly result: Promise<Result> })[],
    signal: AbortSignal | undefined,
  ): Promise<readonly Result[]> {
    const cancel = (): void => {
      const reason: unknown = signal?.reason;
      const error =
        reason instanceof RedQueenError
          ? reason
          : new RedQueenError('cancelled', 'sampling was cancelled by its caller', { cause: reason });
      for (const work of works) if (!work.ended) work.fail(error);
    };
    for (const { result } of works) result.catch(() => undefined);
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      if (signal?.aborted === true) cancel();
      else if (works.length > 0) this.#submit(weights, works);
      return await Promise.all(works.map(({ result }) => result));
    } catch (reason) {
      // The others of the request are of no use any more.
      cancel();
      throw reason;
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  #submit(weights: AdapterWeights, works: readonly AnyWork[]): void {
    let entry = this.#batchers.get(weights.key);
    if (entry === undefined) {
      entry = { batcher: new Batcher(this.#tools), weights, scheduled: false };
      this.#batchers.set(weights.key, entry);
    }
    for (const work of works) entry.batcher.waiting.add(work);
    if (!entry.scheduled) void this.#schedule(weights.key, entry);
  }

  /** One turn after another, as long as there is work; versions take turns by their keys. */
  async #schedule(key: string, entry: { readonly batcher: Batcher; scheduled: boolean }): Promise<void> {
    const { batcher } = entry;
    entry.scheduled = true;
    // What is asked for in one go is seen as one: the context is made for all of it.
    await new Promise(setImmediate);
    while (batcher.busy) await this.#turns.runAlone(`weights ${key}`, 'sample', () => this.#turn(key, batcher));
    entry.scheduled = false;
    this.#contexts.leave(key);
    this.#forgetResting();
  }

  async #turn(key: string, batcher: Batcher): Promise<void> {
    try {
      if (batcher.busy && this.#contexts.claim(key, batcher, this.#cellsFor(batcher))) await batcher.turn();
    } catch (reason) {
      // No memory for a context, or no adapter: what waits cannot be computed, neither now nor in the next turn.
      for (const work of batcher.waiting) work.fail(RedQueenError.from(reason));
    }
  }

  /** Cells with which the waiting work can fill all slots, rounded up to a power of two; not more, since attention reads them all. */
  #cellsFor(batcher: Batcher): number {
    const { slots } = this.#tools.plan;
    let [samples, cells, longest] = [0, 0, 0];
    for (const work of batcher.waiting) {
      longest = Math.max(longest, work.leastCells);
      if (samples >= 2 * slots) continue;
      const count = Math.min(work instanceof SampleGroup ? work.count : 1, 2 * slots - samples);
      samples += count;
      cells += work.prompt.length + Math.min(count, slots) * work.longest;
    }
    const wanted = Math.max(longest, cells, leastCells);
    return Math.min(2 ** Math.ceil(Math.log2(wanted)), this.#mostCells);
  }

  /** Versions without a context and without work take no memory. */
  #forgetResting(): void {
    for (const [key, { batcher, scheduled }] of this.#batchers)
      if (!scheduled && batcher.context === null && !batcher.busy) this.#batchers.delete(key);
  }
}

/** Recurrent states stand for a whole sequence: they cannot be cut. */
function sharingOf(model: Pointer): PrefixSharing {
  return llama.isRecurrent(model) || llama.isHybrid(model) ? 'whole' : 'any';
}
