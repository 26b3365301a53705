import { RowSoftmax } from '../losses/softmax.ts';
import { drawToken } from './draw.ts';
import type { TokenConstraint } from './token-constraint.ts';
import type { TokenRow } from './token-row.ts';

/** Tokens that are tried one by one before the constraint is asked about the whole vocabulary, which costs much more. */
const tries = 8;

/** Draws tokens that a constraint allows. Holds room for one masked row; to be kept for many draws. */
export class ConstrainedDraw {
  readonly #row: Float32Array;
  readonly #softmax: RowSoftmax;

  constructor(vocabulary: number) {
    this.#row = new Float32Array(vocabulary);
    this.#softmax = new RowSoftmax(vocabulary);
  }

  /**
   * A token from softmax(logits / temperature) restricted to what the constraint allows; at temperature 0 the likeliest of those; null where it
   * allows none. `uniform` is asked as often as tokens are tried.
   *
   * Tokens are drawn without putting back those that the constraint forbids. Of a random order made in this way the first allowed token has the
   * restricted distribution (it is the largest of perturbed logits, Gumbel-max, over the allowed ones alone), so an early one can be taken as it is.
   */
  draw(given: TokenRow, temperature: number, uniform: () => number, constraint: TokenConstraint): number | null {
    const first = temperature === 0 ? given.best() : given.draw(temperature, uniform());
    if (constraint.allows(first)) return first;
    const row = this.#row;
    row.set(given.logits);
    row[first] = -Infinity;
    for (let tried = 1; tried < tries; tried++) {
      const token = this.#next(temperature, uniform);
      // Nothing is left to draw from: all others are ruled out or have no probability that a number can hold.
      if (!((row[token] ?? -Infinity) > -Infinity)) break;
      if (constraint.allows(token)) return token;
      row[token] = -Infinity;
    }
    return constraint.mask(row) === 0 ? null : this.#next(temperature, uniform);
  }

  #next(temperature: number, uniform: () => number): number {
    this.#softmax.read(this.#row, 0);
    return temperature === 0 ? this.#softmax.best : drawToken(this.#softmax, this.#row, 0, temperature, uniform());
  }
}
