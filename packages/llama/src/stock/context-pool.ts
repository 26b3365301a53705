import type { Batcher } from './batcher.ts';
import type { DecodeContext } from './decode-context.ts';

/** What a pool needs to know of how contexts are made. */
export interface ContextMaker {
  /** A fresh context of at least that many cells. */
  open(cells: number): DecodeContext;
  /** Puts the adapter of that key into a context; what the context held is forgotten. */
  prepare(context: DecodeContext, key: string): void;
}

/**
 * The contexts of a device, one for each adapter version in use, at most `most` of them. The least recently used one whose version rests goes to the
 * next version. Where none rests, those that have one finish what they have begun and begin nothing new until the waiting version has had a context.
 */
export class ContextPool {
  readonly #most: number;
  readonly #maker: ContextMaker;
  /** Batchers that have a context, least recently used first. */
  readonly #owners = new Map<string, Batcher>();
  readonly #waiting = new Set<string>();

  constructor(most: number, maker: ContextMaker) {
    this.#most = most;
    this.#maker = maker;
  }

  /** Versions that have a context, least recently used first. */
  get keys(): readonly string[] {
    return [...this.#owners.keys()];
  }

  /**
   * Sees to it that the batcher has a context of that many cells. Where a smaller one is in use, nothing new is begun in it until it can be replaced.
   * Returns whether the batcher has one at all.
   */
  claim(key: string, batcher: Batcher, cells: number): boolean {
    const small = batcher.context !== null && batcher.context.size.cells < cells;
    if (small && !batcher.occupied) this.#close(key, batcher);
    if (batcher.context === null && !this.#give(key, batcher, cells)) {
      this.#waiting.add(key);
      for (const other of this.#owners.values()) other.yielding = true;
      return false;
    }
    this.#waiting.delete(key);
    if (this.#waiting.size === 0) for (const other of this.#owners.values()) other.yielding = false;
    if (small && batcher.occupied) batcher.yielding = true;
    this.#owners.delete(key);
    this.#owners.set(key, batcher);
    return true;
  }

  /** The version waits for a context no more. */
  leave(key: string): void {
    this.#waiting.delete(key);
    if (this.#waiting.size === 0) for (const other of this.#owners.values()) other.yielding = false;
  }

  /** Frees all contexts. */
  close(): void {
    for (const [key, batcher] of this.#owners) this.#close(key, batcher);
  }

  #give(key: string, batcher: Batcher, cells: number): boolean {
    let context: DecodeContext | null = null;
    if (this.#owners.size >= this.#most) {
      const resting = [...this.#owners].find(([, other]) => !other.occupied);
      if (resting === undefined) return false;
      const [oldKey, other] = resting;
      context = other.context;
      this.#owners.delete(oldKey);
      other.attach(null);
      if (context !== null && context.size.cells < cells) {
        context.close();
        context = null;
      }
    }
    context ??= this.#maker.open(cells);
    try {
      this.#maker.prepare(context, key);
    } catch (reason) {
      context.close();
      throw reason;
    }
    batcher.attach(context);
    this.#owners.set(key, batcher);
    return true;
  }

  #close(key: string, batcher: Batcher): void {
    const { context } = batcher;
    batcher.attach(null);
    this.#owners.delete(key);
    context?.close();
  }
}
