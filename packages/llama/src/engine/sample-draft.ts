import type { ConstrainedDraw } from './constrained-draw.ts';
import type { SamplingSettings } from './sampling-plan.ts';
import type { StopMatch, StopMatcher } from './stop-strings.ts';
import type { TokenConstraint } from './token-constraint.ts';
import type { TokenRow } from './token-row.ts';

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
  /** Entropy of each token's distribution at temperature 1, in nats, where it costs nothing. */
  readonly entropies?: Float32Array;
  /** Whether it ended by itself: neither at the limit of tokens nor because nothing could follow. */
  readonly stopped: boolean;
  readonly end: SampleEnd;
}

/** A sample while it grows. It knows nothing of how logits are computed. */
export class SampleDraft {
  readonly tokens: number[] = [];
  readonly #logProbs: number[] = [];
  readonly #entropies: number[] = [];
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

  /** Draws the next token by the row; `constrained` is needed where the settings constrain. */
  grow(row: TokenRow, constrained: ConstrainedDraw | null): void {
    const token = this.#draw(row, constrained);
    if (token === null) {
      this.#end = { by: 'dead-end' };
      return;
    }
    this.tokens.push(token);
    this.#logProbs.push(row.logProb(token));
    if (row.entropy) this.#entropies.push(row.entropy());
    this.#end = this.#endAt(token);
  }

  /** The sample as it is. */
  finished(): TokenSample {
    const end = this.#end ?? { by: 'length' };
    const stopped = end.by !== 'length' && end.by !== 'dead-end';
    const shared = { tokens: Int32Array.from(this.tokens), logProbs: Float32Array.from(this.#logProbs), stopped, end };
    return this.#entropies.length === 0 ? shared : { ...shared, entropies: Float32Array.from(this.#entropies) };
  }

  /** Frees what its constraint holds. */
  dispose(): void {
    this.#constraint?.dispose();
  }

  #draw(row: TokenRow, constrained: ConstrainedDraw | null): number | null {
    const { temperature } = this.#settings;
    if (this.#constraint !== null && constrained !== null) return constrained.draw(row, temperature, this.#uniform, this.#constraint);
    return temperature === 0 ? row.best() : row.draw(temperature, this.#uniform());
  }

  #endAt(token: number): SampleEnd | null {
    if (this.#settings.stops.has(token)) return { by: 'token' };
    this.#constraint?.accept(token);
    const match = this.#matcher?.read(token) ?? null;
    if (match !== null) return { by: 'text', match };
    return this.#constraint?.done ? { by: 'constraint' } : null;
  }
}
