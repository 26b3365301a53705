import { RedQueenError } from '@redqueen/core';

/** Counts what is under way in a server, and refuses what would be too much: nothing waits without a bound (A4). */
export class Admission {
  /** Under way now. */
  count = 0;
  readonly #what: string;
  readonly #limit: number;

  constructor(what: string, limit: number) {
    this.#what = what;
    this.#limit = limit;
  }

  /** Why no more is taken now; undefined where there is room. */
  refusal(): RedQueenError | undefined {
    if (this.count < this.#limit) return undefined;
    return new RedQueenError('resource_exhausted', `${this.#limit} ${this.#what} are under way here already; try again in a second`);
  }
}
