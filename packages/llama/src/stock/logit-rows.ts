import type { Pointer } from '../ffi/ggml.ts';
import { RedQueenError } from '@redqueen/core';

/**
 * Rows of logits in native memory, read without copying them. One row is selected at a time; what is said of it holds until the next `take`.
 */
export interface LogitRows {
  /** Takes the rows of a decode; `temperatures` are those that `draw` will be called with. */
  take(logits: Pointer, rows: number, temperatures: ReadonlySet<number>): Promise<void>;
  /** Selects a row. Throws `failed_precondition` where its logits are not finite. */
  select(row: number): void;
  /** The selected row's logits, a view: valid until the next decode. */
  readonly logits: Float32Array;
  /** The likeliest token; the smallest id among equals. */
  best(): number;
  /** A token from softmax(logits / temperature) by inverse-transform sampling of a uniform number in [0, 1). */
  draw(temperature: number, uniform: number): number;
  /** log p(token) at temperature 1, natural logarithm. */
  logProb(token: number): number;
  /** Entropy at temperature 1 in nats. */
  entropy(): number;
  /** Frees native memory. */
  close(): void;
}

/** What `select` throws. */
export function notFinite(): RedQueenError {
  return new RedQueenError(
    'failed_precondition',
    'adapter: with these weights the model gives logits that are not finite; go back to an earlier version',
  );
}
