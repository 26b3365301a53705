import { RedQueenError } from '@redqueen/core';
import koffi from 'koffi';
import type { Pointer } from './ggml.ts';
import { llama } from './llama.ts';
import type { Batch } from './llama-structs.ts';

/**
 * A plain libllama context over a loaded model: F32 cache, no flash attention, one thread, one sequence at a time.
 * It is what "stock llama.cpp" means in checks of our own engine. Never two calls at once.
 */
export class StockContext {
  readonly #context: Pointer;
  readonly #batch: Batch;
  readonly #vocabulary: number;
  readonly #capacity: number;
  readonly #model: Pointer;

  /** `capacity`: the longest sequence in tokens; `vocabulary`: logits a row; `together`: tokens computed at once, all where left out. */
  constructor(model: Pointer, vocabulary: number, capacity: number, together = capacity) {
    const parameters = llama.contextDefaults();
    Object.assign(parameters, {
      n_ctx: capacity,
      n_batch: capacity,
      n_ubatch: together,
      n_seq_max: 1,
      n_threads: 1,
      n_threads_batch: 1,
      flash_attn_type: 0,
      type_k: 0,
      type_v: 0,
      kv_unified: false,
      no_perf: true,
    });
    const context = llama.newContext(model, parameters);
    if (context === null)
      throw new RedQueenError('resource_exhausted', `llama.cpp: no context of ${capacity} tokens; free memory or use a smaller model`);
    this.#context = context;
    this.#batch = llama.newBatch(capacity, 0, 1);
    this.#vocabulary = vocabulary;
    this.#capacity = capacity;
    this.#model = model;
  }

  /** Applies a LoRA file (null for none) to all later calls, runs `work`, and takes the adapter away again. */
  async withAdapter<Result>(path: string | null, work: () => Promise<Result>): Promise<Result> {
    if (path === null) return work();
    const adapter = llama.loadAdapter(this.#model, path);
    if (adapter === null) throw new RedQueenError('invalid_argument', 'adapter: llama.cpp refuses the file; export it again');
    try {
      const status = llama.setAdapters(this.#context, [adapter], 1, [1]);
      if (status !== 0)
        throw new RedQueenError('invalid_argument', `adapter: llama.cpp does not apply it (status ${status}); it belongs to another model`);
      return await work();
    } finally {
      llama.setAdapters(this.#context, null, 0, null);
      llama.freeAdapter(adapter);
    }
  }

  /** Logits after each token of a sequence, [tokens × vocabulary]. The cache is cleared first. */
  async logits(tokens: Int32Array): Promise<Float32Array> {
    if (tokens.length > this.#capacity)
      throw new RedQueenError('invalid_argument', `llama.cpp: ${tokens.length} tokens do not fit a context of ${this.#capacity}`);
    llama.clearMemory(llama.memory(this.#context), true);
    this.#fill(tokens);
    await new Promise<void>((resolve, reject) => {
      llama.decode.async(this.#context, this.#batch, (error: unknown, status: number) => {
        if (error !== null && error !== undefined) reject(RedQueenError.from(error));
        else if (status !== 0) reject(new RedQueenError('internal', `llama.cpp: decoding failed with status ${status}`));
        else resolve();
      });
    });
    return new Float32Array(koffi.view(llama.logits(this.#context), tokens.length * this.#vocabulary * 4)).slice();
  }

  /** Frees the context. */
  close(): void {
    llama.freeBatch(this.#batch);
    llama.freeContext(this.#context);
  }

  #fill(tokens: Int32Array): void {
    const count = tokens.length;
    const batch = this.#batch;
    batch.n_tokens = count;
    new Int32Array(koffi.view(batch.token, count * 4)).set(tokens);
    const positions = new Int32Array(koffi.view(batch.pos, count * 4));
    for (let index = 0; index < count; index++) positions[index] = index;
    new Int32Array(koffi.view(batch.n_seq_id, count * 4)).fill(1);
    new Int8Array(koffi.view(batch.logits, count)).fill(1);
    const sequences = new BigUint64Array(koffi.view(batch.seq_id, count * 8));
    for (const sequence of sequences) new Int32Array(koffi.view(sequence, 4))[0] = 0;
  }
}
