import { RedQueenError } from '@redqueen/core';
import { RowSoftmax } from '../losses/softmax.ts';
import { drawToken } from './draw.ts';

/** One row of logits, as samples read it, wherever it lies and however it is worked out. */
export interface TokenRow {
  readonly logits: Float32Array;
  /** The likeliest token; the smallest id among equals. */
  best(): number;
  /** A token from softmax(logits / temperature), by inverse-transform sampling of a uniform number in [0, 1). */
  draw(temperature: number, uniform: number): number;
  /** log p(token) at temperature 1 of the whole distribution, natural logarithm. */
  logProb(token: number): number;
  /** Entropy at temperature 1 in nats; missing where it would cost another pass. */
  entropy?(): number;
}

/** What reading a row throws whose logits are not finite. */
export function notFinite(): RedQueenError {
  return new RedQueenError(
    'failed_precondition',
    'adapter: with these weights the model gives logits that are not finite; go back to an earlier version',
  );
}

/** A row among those of a typed array. */
export class SoftmaxRow implements TokenRow {
  readonly #softmax: RowSoftmax;
  #rows: Float32Array = new Float32Array(0);
  #offset = 0;

  constructor(vocabulary: number) {
    this.#softmax = new RowSoftmax(vocabulary);
  }

  get logits(): Float32Array {
    return this.#rows.subarray(this.#offset, this.#offset + this.#softmax.weights.length);
  }

  /** Reads that row of the array. Throws `failed_precondition` where it is not finite. */
  select(rows: Float32Array, row: number): void {
    this.#rows = rows;
    this.#offset = row * this.#softmax.weights.length;
    this.#softmax.read(rows, this.#offset);
    if (!Number.isFinite(this.#softmax.logTotal)) throw notFinite();
  }

  best(): number {
    return this.#softmax.best;
  }

  draw(temperature: number, uniform: number): number {
    return drawToken(this.#softmax, this.#rows, this.#offset, temperature, uniform);
  }

  logProb(token: number): number {
    return (this.#rows[this.#offset + token] as number) - this.#softmax.logTotal;
  }
}
