// llama.cpp's own batched decoding, as llama-batched-bench runs it: what our sampling is measured against.
import { RedQueenError } from '@redqueen/core';
import koffi, { type KoffiFunc } from 'koffi';
import type { Pointer } from './ggml.ts';
import { llamaLibrary } from './libraries.ts';
import { initialiseLlama, llama } from './llama.ts';
import type { Batch } from './llama-structs.ts';

function bind<Signature extends (...parameters: never[]) => unknown>(definition: string): KoffiFunc<Signature> {
  return llamaLibrary.func(definition) as unknown as KoffiFunc<Signature>;
}

const copySequence = bind<(memory: Pointer, from: number, to: number, first: number, end: number) => void>(
  'void llama_memory_seq_cp(P memory, int32_t from, int32_t to, int32_t p0, int32_t p1)',
);
const synchronise = bind<(context: Pointer) => void>('void llama_synchronize(P context)');

/** How the context is made. */
export interface BatchedDecodingOptions {
  readonly threads: number;
  /** Sequences decoded together. */
  readonly sequences: number;
  /** Longest sequence in tokens, prompt included. */
  readonly length: number;
  /** ggml's number of the cache's type. */
  readonly cacheType: number;
  readonly flashAttention: boolean;
}

/** A model and a context of llama.cpp's own with its default settings otherwise (weights repacked for the processor, a stream a sequence). Never two calls at once. */
export class BatchedDecoding {
  readonly #model: Pointer;
  readonly #context: Pointer;
  readonly #batch: Batch;
  readonly #sequences: number;
  readonly #tokens: Int32Array;
  readonly #positions: Int32Array;
  readonly #logits: Int8Array;
  readonly #sequenceOf: readonly Int32Array[];

  /** Loads the model file once more, for this baseline alone. Throws `failed_precondition` or `resource_exhausted` where llama.cpp refuses. */
  constructor(path: string, options: BatchedDecodingOptions) {
    initialiseLlama();
    const { sequences, length, threads } = options;
    const model = llama.loadModel(path, { ...llama.modelDefaults(), n_gpu_layers: 0 });
    if (model === null)
      throw new RedQueenError('failed_precondition', `model: llama.cpp cannot load ${path}; check that it is a complete GGUF model file`);
    const capacity = Math.max(sequences, length);
    const context = llama.newContext(model, {
      ...llama.contextDefaults(),
      n_ctx: sequences * length,
      n_batch: capacity,
      n_ubatch: Math.min(512, capacity),
      n_seq_max: sequences,
      n_threads: threads,
      n_threads_batch: threads,
      flash_attn_type: options.flashAttention ? 1 : 0,
      type_k: options.cacheType,
      type_v: options.cacheType,
      kv_unified: false,
      no_perf: true,
    });
    if (context === null) {
      llama.freeModel(model);
      throw new RedQueenError(
        'resource_exhausted',
        `llama.cpp: no context of ${sequences} × ${length} tokens; use fewer or shorter sequences`,
      );
    }
    this.#model = model;
    this.#context = context;
    this.#sequences = sequences;
    this.#batch = llama.newBatch(capacity, 0, 1);
    const { token, pos, n_seq_id, seq_id, logits } = this.#batch;
    this.#tokens = new Int32Array(koffi.view(token, capacity * 4));
    this.#positions = new Int32Array(koffi.view(pos, capacity * 4));
    this.#logits = new Int8Array(koffi.view(logits, capacity));
    new Int32Array(koffi.view(n_seq_id, capacity * 4)).fill(1);
    const sequencePointers = new BigUint64Array(koffi.view(seq_id, capacity * 8));
    this.#sequenceOf = Array.from({ length: capacity }, (_, index) => new Int32Array(koffi.view(sequencePointers[index] as bigint, 4)));
  }

  /**
   * Decodes a prompt that all sequences share, copies it to them, and makes `steps` steps of one token of each sequence, with logits that nobody reads.
   * `token`: any token of the vocabulary for a step and a sequence.
   */
  run(prompt: Int32Array, steps: number, token: (step: number, sequence: number) => number): void {
    const memory = llama.memory(this.#context);
    llama.clearMemory(memory, true);
    for (const [index, value] of prompt.entries()) this.#set(index, value, index, 0, index === prompt.length - 1);
    this.#decode(prompt.length);
    for (let sequence = 1; sequence < this.#sequences; sequence++) copySequence(memory, 0, sequence, -1, -1);
    for (let step = 0; step < steps; step++) {
      for (let sequence = 0; sequence < this.#sequences; sequence++)
        this.#set(sequence, token(step, sequence), prompt.length + step, sequence, true);
      this.#decode(this.#sequences);
    }
  }

  /** Logits of the last step, [sequences × vocabulary]. */
  lastLogits(vocabulary: number): Float32Array {
    return new Float32Array(koffi.view(llama.logits(this.#context), this.#sequences * vocabulary * 4)).slice();
  }

  /** Frees context and model. */
  close(): void {
    llama.freeBatch(this.#batch);
    llama.freeContext(this.#context);
    llama.freeModel(this.#model);
  }

  #set(index: number, token: number, position: number, sequence: number, logits: boolean): void {
    this.#tokens[index] = token;
    this.#positions[index] = position;
    (this.#sequenceOf[index] as Int32Array)[0] = sequence;
    this.#logits[index] = logits ? 1 : 0;
  }

  #decode(count: number): void {
    this.#batch.n_tokens = count;
    const status = llama.decode(this.#context, this.#batch);
    if (status !== 0) throw new RedQueenError('internal', `llama.cpp: decoding failed with status ${status}`);
    synchronise(this.#context);
  }
}
