import { RedQueenError } from '@redqueen/core';
import type { RowSoftmax } from '../losses/softmax.ts';
import type { ConstrainedDraw } from './constrained-draw.ts';
import { drawToken } from './draw.ts';
import type { SamplingSettings } from './sampling-plan.ts';
import type { StopMatch, StopMatcher } from './stop-strings.ts';
import type { TokenConstraint } from './token-constraint.ts';

/**
 * How a sample ended: with a stop token (its last), with a stop string in its text, because its constraint wants no more, because its constraint
 * allows no token of the vocabulary, or at the limit of tokens.
 */
export type SampleEnd =
  | { readonly by: 'token' | 'constraint' | 'dead-end' | 'length' }
  | { readonly by: 'text'; readonly match: StopMatch };

/** A sampled continuation. */
export interface TokenSample {
  readonly tokens: Int32Array;
  /** At temperature 1, of the model without any constraint. */
  readonly logProbs: Float32Array;
  /** Whether it ended by itself: neither at the limit of tokens nor because nothing could follow. */
  readonly stopped: boolean;
  readonly end: SampleEnd;
}

/** A sample while it grows. It knows nothing of how logits are computed. */
export class SampleDraft {
  readonly tokens: number[] = [];
  readonly #logProbs: number[] = [];
  readonly #settings: SamplingSettings;
  readonly #uniform: () => number;
  readonly #matcher: StopMatcher | null;
  readonly #constraint: TokenConstraint | null;
  #end: SampleEnd | null = null;

  /** `uniform`: the sample's own stream of numbers in [0, 1). */
  constructor(settings: SamplingSettings, uniform: () => number) {
    this.#settings = settings;
    this.#uniform = uniform;
    this.#matcher = settings.stopStrings?.matcher() ?? null;
    this.#constraint = settings.constrain?.() ?? null;
    if (this.#constraint?.done) this.#end = { by: 'constraint' };
  }

  /** Whether no token is wanted any more. */
  get ended(): boolean {
    return this.#end !== null;
  }

  /**
   * Draws the next token by the row at `offset`, which `softmax` has just read; `constrained` is needed where the settings constrain. Throws
   * `failed_precondition` where logits are not finite.
   */
  grow(softmax: RowSoftmax, logits: Float32Array, offset: number, constrained: ConstrainedDraw | null): void {
    if (!Number.isFinite(softmax.logTotal)) {
      throw new RedQueenError(
        'failed_precondition',
        'adapter: with these weights the model gives logits that are not finite; go back to an earlier version',
      );
    }
    const token = this.#draw(softmax, logits, offset, constrained);
    if (token === null) {
      this.#end = { by: 'dead-end' };
      return;
    }
    this.tokens.push(token);
    this.#logProbs.push((logits[offset + token] as number) - softmax.logTotal);
    this.#end = this.#endAt(token);
  }

  /** The sample as it is. */
  finished(): TokenSample {
    const end = this.#end ?? { by: 'length' };
    const stopped = end.by !== 'length' && end.by !== 'dead-end';
    return { tokens: Int32Array.from(this.tokens), logProbs: Float32Array.from(this.#logProbs), stopped, end };
  }

  /** Frees what its constraint holds. */
  dispose(): void {
    this.#constraint?.dispose();
  }

  #draw(softmax: RowSoftmax, logits: Float32Array, offset: number, constrained: ConstrainedDraw | null): number | null {
    const { temperature } = this.#settings;
    if (this.#constraint !== null && constrained !== null)
      return constrained.draw({ softmax, logits, offset }, temperature, this.#uniform, this.#constraint);
    return temperature === 0 ? softmax.best : drawToken(softmax, logits, offset, temperature, this.#uniform());
  }

  #endAt(token: number): SampleEnd | null {
    if (this.#settings.stops.has(token)) return { by: 'token' };
    this.#constraint?.accept(token);
    const match = this.#matcher?.read(token) ?? null;
    if (match !== null) return { by: 'text', match };
    return this.#constraint?.done ? { by: 'constraint' } : null;
  }
}
