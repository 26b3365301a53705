import koffi from 'koffi';
import type { Pointer } from '../ffi/ggml.ts';
import { llama } from '../ffi/llama.ts';
import type { Batch } from '../ffi/llama-structs.ts';

/** A llama_batch whose arrays are written through views of its native memory, one sequence a token. */
export class TokenBatch {
  readonly native: Batch;
  /** Most tokens that it holds. */
  readonly capacity: number;
  readonly #tokens: Int32Array;
  readonly #positions: Int32Array;
  readonly #wanted: Int8Array;
  readonly #sequences: readonly Int32Array[];
  #rows = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.native = llama.newBatch(capacity, 0, 1);
    const { token, pos, n_seq_id, seq_id, logits } = this.native;
    this.#tokens = new Int32Array(koffi.view(token, capacity * 4));
    this.#positions = new Int32Array(koffi.view(pos, capacity * 4));
    this.#wanted = new Int8Array(koffi.view(logits, capacity));
    new Int32Array(koffi.view(n_seq_id, capacity * 4)).fill(1);
    const lists = new BigUint64Array(koffi.view(seq_id, capacity * 8)).subarray(0, capacity);
    this.#sequences = Array.from(lists, (list: Pointer) => new Int32Array(koffi.view(list, 4)));
    this.clear();
  }

  /** Tokens in the batch. */
  get size(): number {
    return this.native.n_tokens;
  }

  /** Tokens whose logits are wanted: the rows that decoding gives, in the order of the batch. */
  get rows(): number {
    return this.#rows;
  }

  clear(): void {
    this.native.n_tokens = 0;
    this.#rows = 0;
  }

  /** Adds a token; the caller answers for room. Returns the row of its logits, −1 where they are not wanted. */
  add(token: number, position: number, sequence: number, wanted: boolean): number {
    const index = this.native.n_tokens++;
    this.#tokens[index] = token;
    this.#positions[index] = position;
    this.#wanted[index] = wanted ? 1 : 0;
    (this.#sequences[index] as Int32Array)[0] = sequence;
    return wanted ? this.#rows++ : -1;
  }

  /** Frees the native memory. */
  close(): void {
    llama.freeBatch(this.native);
  }
}
