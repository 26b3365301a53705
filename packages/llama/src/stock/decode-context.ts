import { RedQueenError } from '@redqueen/core';
import type { Pointer } from '../ffi/ggml.ts';
import { llama } from '../ffi/llama.ts';
import { TokenBatch } from './token-batch.ts';

/** Size of a context. */
export interface ContextSize {
  /** Tokens that the key-value cache holds, over all sequences. */
  readonly cells: number;
  /** Sequences that it tells apart. */
  readonly sequences: number;
}

/** Tokens computed together at most: a longer prompt is decoded in pieces. */
const batchTokens = 512;

/**
 * A libllama context that many sequences share: one buffer of cells ("unified"), F32 cache, no flash attention, so that log-probs are those of our
 * own graphs. Never two calls at once.
 */
export class DecodeContext {
  readonly size: ContextSize;
  readonly batch = new TokenBatch(batchTokens);
  readonly #context: Pointer;
  readonly #memory: Pointer;
  readonly #model: Pointer;
  #adapter: Pointer | null = null;
  #threads: number;

  /** Throws `resource_exhausted` where there is no memory for that many cells. */
  constructor(model: Pointer, size: ContextSize, threads: number) {
    const parameters = llama.contextDefaults();
    Object.assign(parameters, {
      n_ctx: size.cells,
      n_batch: batchTokens,
      n_ubatch: batchTokens,
      n_seq_max: size.sequences,
      n_threads: threads,
      n_threads_batch: threads,
      flash_attn_type: 0,
      type_k: 0,
      type_v: 0,
      kv_unified: true,
      // Sliding windows that drop cells would make prefixes useless for a second request.
      swa_full: true,
      no_perf: true,
    });
    const context = llama.newContext(model, parameters);
    if (context === null)
      throw new RedQueenError('resource_exhausted', `llama.cpp: no context of ${size.cells} tokens; free memory or use a smaller model`);
    this.size = size;
    this.#context = context;
    this.#memory = llama.memory(context);
    this.#model = model;
    this.#threads = threads;
  }

  /** Applies the adapter file (null: the base model alone) to all later calls, and forgets every sequence: its cells came from other weights. */
  useAdapter(path: string | null): void {
    this.clear();
    llama.setAdapters(this.#context, null, 0, null);
    if (this.#adapter !== null) llama.freeAdapter(this.#adapter);
    this.#adapter = null;
    if (path === null) return;
    const adapter = llama.loadAdapter(this.#model, path);
    if (adapter === null) throw new RedQueenError('invalid_argument', 'adapter: llama.cpp refuses the file; export it again');
    this.#adapter = adapter;
    const status = llama.setAdapters(this.#context, [adapter], 1, [1]);
    if (status !== 0)
      throw new RedQueenError('invalid_argument', `adapter: llama.cpp does not apply it (status ${status}); it belongs to another model`);
  }

  /** Computes the batch on that many threads. The logits of its wanted tokens are then at the address answered, row after row, until the next call. */
  async decode(threads: number): Promise<Pointer> {
    if (threads !== this.#threads) llama.setThreads(this.#context, threads, threads);
    this.#threads = threads;
    await new Promise<void>((resolve, reject) => {
      llama.decode.async(this.#context, this.batch.native, (error: unknown, status: number) => {
        if (error !== null && error !== undefined) reject(RedQueenError.from(error));
        else if (status === 1)
          reject(new RedQueenError('resource_exhausted', 'llama.cpp: the key-value cache is full; ask for fewer samples'));
        else if (status !== 0) reject(new RedQueenError('internal', `llama.cpp: decoding failed with status ${status}`));
        else resolve();
      });
    });
    return llama.logits(this.#context);
  }

  /** Lets a sequence share the first `length` tokens of another (all where left out). Nothing is copied. */
  share(from: number, to: number, length = -1): void {
    llama.copySequence(this.#memory, from, to, -1, length);
  }

  /** Forgets a sequence. */
  remove(sequence: number): void {
    llama.removeSequence(this.#memory, sequence, -1, -1);
  }

  /** Forgets all sequences. */
  clear(): void {
    llama.clearMemory(this.#memory, true);
  }

  /** Frees the native memory. */
  close(): void {
    this.batch.close();
    llama.freeContext(this.#context);
    if (this.#adapter !== null) llama.freeAdapter(this.#adapter);
  }
}
