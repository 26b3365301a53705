import { RedQueenError } from '@redqueen/core';
import { backends, graphs, type Pointer } from '../ffi/ggml.ts';

/** Memory that graphs share: each computation overwrites what the ones before it left there. */
export class Scratch {
  readonly #allocator: Pointer;
  #bytes = 0;
  #generation = 0;

  constructor(backend: Pointer) {
    this.#allocator = graphs.newAllocator(backends.bufferType(backend));
  }

  /** Graphs placed under an older number lie in memory that is gone and must be built again. */
  get generation(): number {
    return this.#generation;
  }

  /** Size of the memory. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Memory that a graph would need, without taking it. */
  needed(graph: Pointer): number {
    const sizes = new BigUint64Array(1);
    graphs.neededBytes(this.#allocator, graph, null, null, sizes);
    return Number(sizes[0]);
  }

  /** Places a graph's tensors, growing the memory where needed. Throws `resource_exhausted` without memory. */
  place(graph: Pointer): void {
    // Without `reserve`, ggml would place a graph by the plan of an earlier one that merely has as many nodes.
    if (!graphs.reserve(this.#allocator, graph) || !graphs.allocate(this.#allocator, graph)) {
      throw new RedQueenError('resource_exhausted', 'llama: no memory for a compute graph; use a smaller model or shorter prompts');
    }
    const bytes = Number(graphs.allocatedBytes(this.#allocator, 0));
    if (bytes !== this.#bytes) this.#generation++;
    this.#bytes = bytes;
  }
}
