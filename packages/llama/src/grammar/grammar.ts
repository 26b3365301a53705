import { RedQueenError } from '@redqueen/core';
import type { TokenConstraint } from '../engine/token-constraint.ts';
import type { Pointer } from '../ffi/ggml.ts';
import { Candidates, grammarSampler } from '../ffi/grammar-sampler.ts';
import type { Vocabulary } from '../ffi/vocabulary.ts';
import { checkGbnf } from './gbnf.ts';
import { type Utf8State, utf8After } from './utf8.ts';

/** The rule that the whole text must follow. */
const rootRule = 'root';
/** Bytes that are a character by themselves. */
const asciiBytes = 128;

/** Makes grammars over one vocabulary, and holds what they share. Making it asks for the text of every token. */
export class Grammars {
  readonly vocabulary: Vocabulary;
  readonly ends: Int32Array;
  /** For each byte, the tokens whose text is longer and begins with it. */
  readonly longer: readonly Int32Array[];
  /** Tokens of one byte. */
  readonly bytes: Int32Array;
  readonly candidates: Candidates;

  constructor(vocabulary: Vocabulary) {
    this.vocabulary = vocabulary;
    const showing = Array.from({ length: vocabulary.size }, (_, token) => token).filter(
      (token) => vocabulary.piece(token).length > 0 && !vocabulary.ends.has(token),
    );
    const byFirst = Map.groupBy(showing, (token) => vocabulary.piece(token)[0] as number);
    const isByte = (token: number): boolean => vocabulary.piece(token).length === 1;
    this.longer = Array.from({ length: 256 }, (_, byte) => Int32Array.from((byFirst.get(byte) ?? []).filter((token) => !isByte(token))));
    this.bytes = Int32Array.from(showing.filter(isByte));
    this.ends = Int32Array.from(vocabulary.ends);
    this.candidates = new Candidates(vocabulary.size);
  }

  /**
   * Makes a GBNF grammar ready. Its rule "root" says what a sample's whole text must be. Throws `invalid_argument` naming the line and column,
   * and `failed_precondition` for a model that has no token to end a text with.
   */
  compile(gbnf: string): Grammar {
    if (this.ends.length === 0)
      throw new RedQueenError(
        'failed_precondition',
        'grammar: the model has no end-of-sequence token, so no text could be complete; leave the grammar out',
      );
    checkGbnf(gbnf, rootRule);
    const sampler = grammarSampler.create(this.vocabulary.native, gbnf, rootRule);
    if (sampler === null)
      throw new RedQueenError('invalid_argument', 'grammar: llama.cpp refuses it; use fewer repetitions or simpler rules');
    return new Grammar(this, sampler);
  }
}

/** A grammar in native memory. */
export class Grammar {
  readonly #shared: Grammars;
  readonly #sampler: Pointer;

  /** To be made by `Grammars.compile`. */
  constructor(shared: Grammars, sampler: Pointer) {
    this.#shared = shared;
    this.#sampler = sampler;
  }

  /** The constraint of one sample from its beginning. */
  constraint(): TokenConstraint {
    return new GrammarConstraint(this.#shared, grammarSampler.clone(this.#sampler));
  }

  /** Frees it. Constraints made of it go on. */
  dispose(): void {
    grammarSampler.free(this.#sampler);
  }
}

/** Lets through the tokens that the grammar allows, as long as the text stays well-formed UTF-8; special tokens only to end a complete text. */
class GrammarConstraint implements TokenConstraint {
  readonly #shared: Grammars;
  readonly #sampler: Pointer;
  #utf8: Utf8State = 0;
  #done = false;
  /** All tokens that may come next, once they were worked out. */
  #next: Int32Array | null = null;

  constructor(shared: Grammars, sampler: Pointer) {
    this.#shared = shared;
    this.#sampler = sampler;
    this.#done = this.#mustEnd();
  }

  get done(): boolean {
    return this.#done;
  }

  allows(token: number): boolean {
    const { vocabulary } = this.#shared;
    if (!vocabulary.ends.has(token) && vocabulary.piece(token).length === 0) return false;
    return this.#allowed(Int32Array.of(token)).length > 0;
  }

  mask(row: Float32Array): number {
    const next = this.#allNext();
    const kept = Float32Array.from(next, (token) => row[token] as number);
    row.fill(-Infinity);
    for (const [index, token] of next.entries()) row[token] = kept[index] as number;
    return kept.reduce((count, logit) => (logit === -Infinity ? count : count + 1), 0);
  }

  accept(token: number): void {
    if (!this.allows(token)) throw new RedQueenError('failed_precondition', `grammar: token ${token} may not come next`);
    grammarSampler.accept(this.#sampler, token);
    this.#utf8 = utf8After(this.#utf8, this.#shared.vocabulary.piece(token));
    this.#next = null;
    this.#done = this.#shared.vocabulary.ends.has(token) || this.#mustEnd(token);
  }

  dispose(): void {
    grammarSampler.free(this.#sampler);
  }

  /** Whether the text is complete and cannot go on. `last`: a token that could come before, which is likely to be possible again. */
  #mustEnd(last?: number): boolean {
    if (this.#allowed(this.#shared.ends).length === 0) return false;
    if (last !== undefined && this.#allowed(Int32Array.of(last)).length > 0) return false;
    return this.#allNext().every((token) => this.#shared.vocabulary.ends.has(token));
  }

  /** A longer token cannot come where the character that it begins with cannot: this spares most of the vocabulary between strings of JSON. */
  #allNext(): Int32Array {
    if (this.#next !== null) return this.#next;
    const { ends, bytes, longer, vocabulary } = this.#shared;
    const single = this.#allowed(bytes);
    const asked = new Set(bytes.map((token) => vocabulary.piece(token)[0] as number));
    const possible = new Set(single.map((token) => vocabulary.piece(token)[0] as number));
    // The grammar is not exact about halves of characters.
    const groups = longer.filter((_, byte) => byte >= asciiBytes || possible.has(byte) || !asked.has(byte));
    this.#next = Int32Array.from(
      [this.#allowed(ends), single, ...groups.map((tokens) => this.#allowed(tokens))].flatMap((tokens) => Array.from(tokens)),
    );
    return this.#next;
  }

  #allowed(tokens: Int32Array): Int32Array {
    const { candidates, vocabulary } = this.#shared;
    return candidates.allowed(this.#sampler, tokens).filter((token) => utf8After(this.#utf8, vocabulary.piece(token)) >= 0);
  }
}
