import { RedQueenError } from '@redqueen/core';
import { computeGraph, newSingleThreadBackend } from '../ffi/backend.ts';
import { backends, graphs, type Pointer } from '../ffi/ggml.ts';

/** Something in native memory that a lane keeps for reuse. */
export interface Kept {
  /** Frees the native memory. Never called while a graph of it computes. */
  dispose(): void;
}

/** How many shapes of graphs a lane keeps. */
const keptGraphs = 64;

/**
 * A single-threaded ggml backend with its own scratch memory and graphs. Lanes never wait for each other inside ggml, so a busy machine slows
 * them but cannot make them spin at barriers. At most one piece of work uses a lane at a time.
 */
export class Lane {
  readonly backend: Pointer = newSingleThreadBackend();
  readonly #allocator: Pointer;
  readonly #kept = new Map<string, Kept>();
  readonly #numbers = new Map<string, Float32Array>();
  #scratchBytes = 0;
  #generation = 0;

  constructor() {
    this.#allocator = graphs.newAllocator(backends.bufferType(this.backend));
  }

  /** Graphs placed under an older number lie in memory that is gone and must be built again. */
  get generation(): number {
    return this.#generation;
  }

  /** Places a graph's tensors in the scratch memory, growing it where needed. Throws `resource_exhausted` without memory. */
  place(graph: Pointer): void {
    // Without `reserve`, ggml would place a graph by the plan of an earlier one that merely has as many nodes.
    if (!graphs.reserve(this.#allocator, graph) || !graphs.allocate(this.#allocator, graph)) {
      throw new RedQueenError('resource_exhausted', 'llama: no memory for a compute graph; use a smaller model or shorter prompts');
    }
    const bytes = Number(graphs.allocatedBytes(this.#allocator, 0));
    if (bytes !== this.#scratchBytes) this.#generation++;
    this.#scratchBytes = bytes;
  }

  /**
   * A reused array for one purpose; what it held is lost. Copies of logits are large and short-lived, and allocating them anew
   * would keep the garbage collector busy.
   */
  numbers(purpose: string, length: number): Float32Array {
    let whole = this.#numbers.get(purpose);
    if (whole === undefined || whole.length < length) {
      whole = new Float32Array(length);
      this.#numbers.set(purpose, whole);
    }
    return whole.subarray(0, length);
  }

  /** Computes a graph off the event loop. */
  async compute(graph: Pointer): Promise<void> {
    await computeGraph(this.backend, graph);
  }

  /** The thing kept under a key, made on first use; the least recently used one is freed beyond the bound. */
  keep<Item extends Kept>(key: string, make: () => Item): Item {
    const known = this.#kept.get(key) as Item | undefined;
    const item = known ?? make();
    this.#kept.delete(key);
    this.#kept.set(key, item);
    if (this.#kept.size > keptGraphs) {
      const [oldest, loser] = this.#kept.entries().next().value as [string, Kept];
      this.#kept.delete(oldest);
      loser.dispose();
    }
    return item;
  }
}
