import type { Pointer } from '../ffi/ggml.ts';
import type { RopeSettings, Tape, Variable } from '../tape/tape.ts';
import type { GraphWeights } from './graph-weights.ts';
import type { HyperParameters } from './hyper-parameters.ts';
import { isLocal } from './sliding-window.ts';

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
    const { embeddingScale } = this.#model;
    const embedded = this.#weights.embedding(this.#tape, inputs.tokens);
    let x = embeddingScale === undefined ? embedded : this.#tape.scale(embedded, embeddingScale);
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
    const attended = this.#attend(inputs, attention(tape), layer, this.#norm(x, `blk.${layer}.attn_norm.weight`));
    const middle = tape.add(this.#normIfAny(attended, `blk.${layer}.post_attention_norm.weight`), x);
    const thought = this.#feedForward(layer, this.#norm(middle, `blk.${layer}.ffn_norm.weight`));
    return tape.add(this.#normIfAny(thought, `blk.${layer}.post_ffw_norm.weight`), middle);
  }

  /** Some architectures have norms that others lack. */
  #normIfAny(x: Variable, name: string): Variable {
    return this.#weights.has(name) ? this.#norm(x, name) : x;
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
    const rotated = (target: string, count: number): Variable =>
      this.#tape.rope(this.#normIfAny(part(target, count), `blk.${layer}.${target}_norm.weight`), inputs.positions, this.#rope(layer));
    const mixed = attention(layer, rotated('attn_q', heads), rotated('attn_k', keyValueHeads), part('attn_v', keyValueHeads));
    return this.#linear(layer, 'attn_output', mixed);
  }

  #feedForward(layer: number, x: Variable): Variable {
    const [gate, up] = [this.#linear(layer, 'ffn_gate', x), this.#linear(layer, 'ffn_up', x)];
    return this.#linear(layer, 'ffn_down', this.#model.gelu === true ? this.#tape.geglu(gate, up) : this.#tape.swiglu(gate, up));
  }

  /** Layers that see a window only rotate by its base, and never stretched. */
  #rope(layer: number): RopeSettings {
    const { ropeDimensions, ropeMode, context, slidingWindow } = this.#model;
    const local = isLocal(slidingWindow, layer);
    const ropeScaling = local ? undefined : this.#model.ropeScaling;
    return {
      dimensions: ropeDimensions,
      mode: ropeMode,
      context: ropeScaling?.originalContext ?? context,
      base: local ? slidingWindow.ropeBase : this.#model.ropeBase,
      scale: ropeScaling?.scale ?? 1,
      extrapolation: ropeScaling?.extrapolation ?? 0,
      attention: ropeScaling?.attention ?? 1,
      factors: this.#weights.constant('rope_freqs.weight'),
    };
  }
}
