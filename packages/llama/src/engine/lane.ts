import { computeGraph, newSingleThreadBackend } from '../ffi/backend.ts';
import type { Pointer } from '../ffi/ggml.ts';
import { Scratch } from './scratch.ts';

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
  /** For the layers, whose activations stay there between forward and backward. */
  readonly scratch = new Scratch(this.backend);
  /** For the head, which is computed between them. */
  readonly headScratch = new Scratch(this.backend);
  readonly #kept = new Map<string, Kept>();
  readonly #numbers = new Map<string, Float32Array>();

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
