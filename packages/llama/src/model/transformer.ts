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

/** The graph of a llama-like model up to its logits [vocabulary, rows]. How tokens see each other is the attention's business. */
export function buildLogits(tape: Tape, model: HyperParameters, weights: GraphWeights, inputs: TokenInputs, attention: Attention): Variable {
  let x = weights.embedding(tape, inputs.tokens);
  for (let layer = 0; layer < model.layers; layer++) {
    const normal = norm(tape, model, weights, x, `blk.${layer}.attn_norm.weight`);
    x = tape.add(attend(tape, model, weights, inputs, attention, layer, normal), x);
    const before = norm(tape, model, weights, x, `blk.${layer}.ffn_norm.weight`);
    const gate = weights.linear(tape, `blk.${layer}.ffn_gate.weight`, before);
    const up = weights.linear(tape, `blk.${layer}.ffn_up.weight`, before);
    x = tape.add(weights.linear(tape, `blk.${layer}.ffn_down.weight`, tape.swiglu(gate, up)), x);
  }
  // Only the wanted columns go through the head: with a large vocabulary it is the dearest matrix.
  if (inputs.rows !== null) x = tape.rows(x, inputs.rows);
  const last = norm(tape, model, weights, x, 'output_norm.weight');
  return weights.linear(tape, weights.has('output.weight') ? 'output.weight' : 'token_embd.weight', last);
}

function norm(tape: Tape, model: HyperParameters, weights: GraphWeights, x: Variable, name: string): Variable {
  return tape.multiply(tape.rmsNorm(x, model.epsilon), weights.vector(tape, name));
}

function attend(tape: Tape, model: HyperParameters, weights: GraphWeights, inputs: TokenInputs, attention: Attention, layer: number, x: Variable): Variable {
  const { headSize, heads, keyValueHeads } = model;
  const rope: RopeSettings = { dimensions: model.ropeDimensions, mode: model.ropeMode, context: model.context, base: model.ropeBase };
  const part = (target: string, count: number): Variable =>
    tape.reshape(weights.linear(tape, `blk.${layer}.${target}.weight`, x), [headSize, count, inputs.columns, 1]);
  const rotated = (target: string, count: number): Variable => {
    const name = `blk.${layer}.${target}_norm.weight`;
    const heads = part(target, count);
    return tape.rope(weights.has(name) ? norm(tape, model, weights, heads, name) : heads, inputs.positions, rope);
  };
  const mixed = attention(layer, rotated('attn_q', heads), rotated('attn_k', keyValueHeads), part('attn_v', keyValueHeads));
  return weights.linear(tape, `blk.${layer}.attn_output.weight`, mixed);
}
