/** A prompt's place in the cache. */
export interface HeldPrompt {
  readonly sequence: number;
  readonly tokens: Int32Array;
  /** Tokens at its beginning that need not be computed, shared from the sequence `source`. */
  readonly shared: number;
  readonly source: number;
}

interface Entry {
  readonly sequence: number;
  readonly tokens: Int32Array;
  used: boolean;
  /** Whether its cells are there to be shared. */
  computed: boolean;
}

/**
 * What a new prompt can share with a known one: any common beginning; the whole of the known one, where a model's state cannot be cut; or nothing.
 */
export type PrefixSharing = 'any' | 'whole' | 'none';

/** Length of the common beginning. */
export function commonPrefix(a: Int32Array, b: Int32Array): number {
  const length = Math.min(a.length, b.length);
  let index = 0;
  while (index < length && a[index] === b[index]) index++;
  return index;
}

/**
 * The prefix cache of one context, and so of one adapter version: which sequences hold which prompts. A prompt stays after its request as long as
 * its sequence and cells are not needed; the least recently used goes first.
 */
export class PromptSequences {
  readonly #free: number[];
  /** Least recently used first. */
  readonly #entries = new Map<number, Entry>();
  readonly #sharing: PrefixSharing;
  #cells = 0;

  constructor(sequences: readonly number[], sharing: PrefixSharing) {
    this.#free = sequences.toReversed();
    this.#sharing = sharing;
  }

  /** Cells that prompts take at most: those that they share are counted for each. */
  get cells(): number {
    return this.#cells;
  }

  /** Tokens of the prompt that the cache holds already; its last token is always computed, for its logits. */
  known(tokens: Int32Array): { readonly length: number; readonly source: number } {
    let best = { length: 0, source: -1 };
    if (this.#sharing === 'none') return best;
    for (const entry of this.#entries.values()) {
      if (!entry.computed) continue;
      const common = Math.min(commonPrefix(entry.tokens, tokens), tokens.length - 1);
      const usable = this.#sharing === 'any' || common === entry.tokens.length ? common : 0;
      if (usable > best.length) best = { length: usable, source: entry.sequence };
    }
    return best;
  }

  /** Takes a sequence for a prompt; null where all are in use. An evicted prompt's sequence has to be forgotten first: see `evict`. */
  hold(tokens: Int32Array): HeldPrompt | null {
    const { length, source } = this.known(tokens);
    const sequence = this.#free.pop();
    if (sequence === undefined) return null;
    // The source was of use just now.
    const entry = this.#entries.get(source);
    if (entry !== undefined) {
      this.#entries.delete(source);
      this.#entries.set(source, entry);
    }
    this.#entries.set(sequence, { sequence, tokens, used: true, computed: false });
    this.#cells += tokens.length;
    return { sequence, tokens, shared: length, source };
  }

  /** The prompt's cells are there now. */
  computed(sequence: number): void {
    const entry = this.#entries.get(sequence);
    if (entry !== undefined) entry.computed = true;
  }

  /** The prompt is not in use any more, but stays known. */
  release(sequence: number): void {
    const entry = this.#entries.get(sequence);
    if (entry !== undefined) entry.used = false;
  }

  /** Forgets the prompt that was not used for longest and that `keep` does not name. Returns its sequence, whose cells have to be removed; null where all are in use. */
  evict(keep = -1): number | null {
    for (const entry of this.#entries.values()) {
      if (entry.used || entry.sequence === keep) continue;
      this.forget(entry.sequence);
      return entry.sequence;
    }
    return null;
  }

  /** Forgets a prompt, in use or not: its computation failed. */
  forget(sequence: number): void {
    const entry = this.#entries.get(sequence);
    if (entry === undefined) return;
    this.#entries.delete(sequence);
    this.#cells -= entry.tokens.length;
    this.#free.push(sequence);
  }

  /** Whether a sequence is free now. */
  get hasFree(): boolean {
    return this.#free.length > 0;
  }
}
