/**
 * What the tokens of one sample may be: a grammar, for one. Made for one sample, told of its tokens one after another, freed at its end.
 * It knows nothing of how logits are computed.
 */
export interface TokenConstraint {
  /** Whether the token may come next. Cheap. */
  allows(token: number): boolean;
  /** Sets the logits of all tokens that may not come next to −Infinity, and answers how many others are left. Costs a pass over the vocabulary. */
  mask(row: Float32Array): number;
  /** The sample goes on with a token that `allows` allows. Throws `failed_precondition` for another. */
  accept(token: number): void;
  /** Whether the text is complete: an end token was accepted, or nothing but one may follow. */
  readonly done: boolean;
  /** Frees what it holds. Must be called once, however the sample ends. */
  dispose(): void;
}
