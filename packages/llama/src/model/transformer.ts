import type { Pointer } from '../ffi/ggml.ts';
import type { RopeSettings, Tape, Variable } from '../tape/tape.ts';
import type { GraphWeights } from './graph-weights.ts';
import type { HyperParameters } from './hyper-parameters.ts';

/** Inputs of a forward pass over `columns` tokens. */
export interface TokenInputs {
  /** Token ids, I32 [columns]. */
  readonly tokens: Pointer;
  /** Positions, I32 [columns]. */
  readonly positions: Pointer;
  readonly columns: number;
  /** Columns whose logits are wanted, I32; null for all. */
  readonly rows: Pointer | null;
}

/** Queries [headSize, heads, columns], keys and values [headSize, keyValueHeads, columns] → [heads · headSize, columns]. */
export type Attention = (layer: number, queries: Variable, keys: Variable, values: Variable) => Variable;

/** An attention whose operations go onto the tape given. */
export type AttentionOf = (tape: Tape) => Attention;

/** The graph of a llama-like model. How tokens see each other is the attention's business. */
export class Transformer {
  readonly #tape: Tape;
  readonly #model: HyperParameters;
  readonly #weights: GraphWeights;

  constructor(tape: Tape, model: HyperParameters, weights: GraphWeights) {
    this.#tape = tape;
    this.#model = model;
    this.#weights = weights;
  }

  /** Logits [vocabulary, rows] of the wanted columns. */
  logits(inputs: TokenInputs, attention: AttentionOf): Variable {
    return this.head(this.hidden(inputs, attention, false));
  }

  /** What the layers make of the wanted columns, [width, rows]. With `checkpoints` only the layers' inputs are kept for the backward pass. */
  hidden(inputs: TokenInputs, attention: AttentionOf, checkpoints: boolean): Variable {
    let x = this.#weights.embedding(this.#tape, inputs.tokens);
    for (let layer = 0; layer < this.#model.layers; layer++) {
      x = checkpoints
        ? this.#tape.checkpoint(x, (tape, input) =>
            new Transformer(tape, this.#model, this.#weights).#layer(inputs, attention, layer, input),
          )
        : this.#layer(inputs, attention, layer, x);
    }
    // Only the wanted columns go through the head: with a large vocabulary it is the dearest matrix.
    return inputs.rows === null ? x : this.#tape.rows(x, inputs.rows);
  }

  /** Logits of what the layers made. */
  head(x: Variable): Variable {
    const name = this.#weights.has('output.weight') ? 'output.weight' : 'token_embd.weight';
    return this.#weights.linear(this.#tape, name, this.#norm(x, 'output_norm.weight'));
  }

  #layer(inputs: TokenInputs, attention: AttentionOf, layer: number, x: Variable): Variable {
    const tape = this.#tape;
    const attended = tape.add(this.#attend(inputs, attention(tape), layer, this.#norm(x, `blk.${layer}.attn_norm.weight`)), x);
    return tape.add(this.#feedForward(layer, this.#norm(attended, `blk.${layer}.ffn_norm.weight`)), attended);
  }

  #norm(x: Variable, name: string): Variable {
    return this.#tape.multiply(this.#tape.rmsNorm(x, this.#model.epsilon), this.#weights.vector(this.#tape, name));
  }

  #linear(layer: number, target: string, x: Variable): Variable {
    return this.#weights.linear(this.#tape, `blk.${layer}.${target}.weight`, x);
  }

  #attend(inputs: TokenInputs, attention: Attention, layer: number, x: Variable): Variable {
    const { headSize, heads, keyValueHeads } = this.#model;
    const part = (target: string, count: number): Variable =>
      this.#tape.reshape(this.#linear(layer, target, x), [headSize, count, inputs.columns, 1]);
    const rotated = (target: string, count: number): Variable => {
      // Some architectures normalise each head's queries and keys.
      const name = `blk.${layer}.${target}_norm.weight`;
      const plain = part(target, count);
      return this.#tape.rope(this.#weights.has(name) ? this.#norm(plain, name) : plain, inputs.positions, this.#rope());
    };
    const mixed = attention(layer, rotated('attn_q', heads), rotated('attn_k', keyValueHeads), part('attn_v', keyValueHeads));
    return this.#linear(layer, 'attn_output', mixed);
  }

  #feedForward(layer: number, x: Variable): Variable {
    return this.#linear(layer, 'ffn_down', this.#tape.swiglu(this.#linear(layer, 'ffn_gate', x), this.#linear(layer, 'ffn_up', x)));
  }

  #rope(): RopeSettings {
    const { ropeDimensions, ropeMode, context, ropeBase, ropeScaling } = this.#model;
    return {
      dimensions: ropeDimensions,
      mode: ropeMode,
      context: ropeScaling?.originalContext ?? context,
      base: ropeBase,
      scale: ropeScaling?.scale ?? 1,
      extrapolation: ropeScaling?.extrapolation ?? 0,
      attention: ropeScaling?.attention ?? 1,
      factors: this.#weights.constant('rope_freqs.weight'),
    };
  }
}
