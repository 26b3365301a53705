// Stop strings of any length, found while a sample grows: Aho and Corasick, "Efficient string matching" (1975), over UTF-8 bytes.
import { RedQueenError } from '@redqueen/core';

/** A stop string that a sample's text has come to contain. */
export interface StopMatch {
  /** Which one: its place in the list. */
  readonly stop: number;
  /** Where it begins, in UTF-8 bytes from the beginning of the sample's text. */
  readonly start: number;
}

/** A state of the automaton: what has been read ends with the first `depth` bytes of some stop strings. */
interface State {
  readonly next: Map<number, State>;
  readonly depth: number;
  /** The state of the longest proper ending that also begins a stop string. */
  fallback: State | null;
  /** The longest stop string that ends here; −1 for none. */
  stop: number;
}

function newState(depth: number): State {
  return { next: new Map(), depth, fallback: null, stop: -1 };
}

/** Stop strings, made ready once for all samples of a request. */
export class StopStrings {
  readonly #root = newState(0);
  readonly #lengths: readonly number[];
  readonly #piece: (token: number) => Uint8Array;

  /** `piece`: a token's bytes in the text, none for tokens that do not show. Throws `invalid_argument` for an empty text, which every text contains. */
  constructor(texts: readonly string[], piece: (token: number) => Uint8Array) {
    const strings = texts.map((text) => Buffer.from(text, 'utf8'));
    this.#piece = piece;
    this.#lengths = strings.map(({ length }) => length);
    for (const [stop, bytes] of strings.entries()) {
      if (bytes.length === 0)
        throw new RedQueenError('invalid_argument', `stop_texts[${stop}] is empty; it must have at least one character`);
      this.#add(stop, bytes);
    }
    this.#link();
  }

  /** A matcher for one sample. */
  matcher(): StopMatcher {
    return new StopMatcher(this.#root, this.#lengths, this.#piece);
  }

  #add(stop: number, bytes: Uint8Array): void {
    let state = this.#root;
    for (const byte of bytes) {
      const known = state.next.get(byte) ?? newState(state.depth + 1);
      state.next.set(byte, known);
      state = known;
    }
    if (state.stop < 0) state.stop = stop;
  }

  /** Sets the fallbacks, breadth first: those of shorter states are there before they are asked for. */
  #link(): void {
    const queue = [this.#root];
    for (const state of queue) {
      for (const [byte, next] of state.next) {
        next.fallback = follow(state.fallback, byte) ?? this.#root;
        if (next.stop < 0) next.stop = next.fallback.stop;
        queue.push(next);
      }
    }
  }
}

/** Where a byte leads from a state or its fallbacks; null where no stop string goes on with it. */
function follow(from: State | null, byte: number): State | null {
  for (let state = from; state !== null; state = state.fallback) {
    const next = state.next.get(byte);
    if (next !== undefined) return next;
  }
  return null;
}

/** Follows one sample's text. Reading a token costs time by its own bytes, however long the text already is. */
export class StopMatcher {
  readonly #root: State;
  readonly #lengths: readonly number[];
  readonly #piece: (token: number) => Uint8Array;
  #state: State;
  #bytes = 0;

  /** To be made by `StopStrings.matcher`. */
  constructor(root: State, lengths: readonly number[], piece: (token: number) => Uint8Array) {
    this.#root = root;
    this.#lengths = lengths;
    this.#piece = piece;
    this.#state = root;
  }

  /** Bytes at the end of what was read that may be the beginning of a stop string: whoever shows the text while it grows holds them back. */
  get pending(): number {
    return this.#state.depth;
  }

  /**
   * Reads the sample's next token. Answers the stop string that is complete first; of several that end with the same byte the longest; null for
   * none. To be called no more after a match.
   */
  read(token: number): StopMatch | null {
    for (const byte of this.#piece(token)) {
      this.#bytes++;
      this.#state = follow(this.#state, byte) ?? this.#root;
      const { stop } = this.#state;
      if (stop >= 0) return { stop, start: this.#bytes - (this.#lengths[stop] as number) };
    }
    return null;
  }
}
