import { RedQueenError } from '@redqueen/core';
import type { Pointer } from '../ffi/ggml.ts';
import type { Tape, Variable } from '../tape/tape.ts';
import type { BaseWeights } from './base-weights.ts';
import type { ParameterBlock } from './parameter-block.ts';

/** How a graph gets at the weights: frozen with adapters, or all of them trained. One object a graph; it keeps the trained leaves. */
export interface GraphWeights {
  /** Names of the model's tensors. */
  has(name: string): boolean;
  embedding(tape: Tape, tokens: Pointer): Variable;
  /** y = W x of the named matrix, adapter and bias included. */
  linear(tape: Tape, name: string, x: Variable): Variable;
  /** A vector that scales columns. */
  vector(tape: Tape, name: string): Variable;
  /** The trained leaves that the graph used, by slot name. */
  readonly trained: ReadonlyMap<string, Variable>;
}

function missing(name: string): RedQueenError {
  return new RedQueenError('failed_precondition', `model: it cannot be trained: the tensor "${name}" is missing`);
}

/**
 * The frozen base with LoRA adapters: y = W x + B A x. The factor alpha / rank is folded into B when weights are loaded into the block,
 * so that graphs do not depend on it. Without a block it is the base model alone.
 */
export class AdaptedWeights implements GraphWeights {
  readonly trained = new Map<string, Variable>();
  readonly #base: BaseWeights;
  readonly #block: ParameterBlock | null;

  constructor(base: BaseWeights, block: ParameterBlock | null) {
    this.#base = base;
    this.#block = block;
  }

  has(name: string): boolean {
    return this.#base.tensors.has(name);
  }

  embedding(tape: Tape, tokens: Pointer): Variable {
    return tape.rows(tape.leaf(this.#tensor('token_embd.weight')), tokens);
  }

  linear(tape: Tape, name: string, x: Variable): Variable {
    const matrix = this.#base.matrices.get(name);
    if (matrix === undefined) throw missing(name);
    let y = tape.frozenLinear(matrix, x);
    const bias = this.#base.tensors.get(name.replace(/weight$/, 'bias'));
    if (bias !== undefined) y = tape.addFrozen(y, bias);
    const a = this.#leaf(tape, `${name}.lora_a`);
    const b = this.#leaf(tape, `${name}.lora_b`);
    return a === undefined || b === undefined ? y : tape.add(y, tape.matrixMultiply(b, tape.matrixMultiply(a, x)));
  }

  vector(tape: Tape, name: string): Variable {
    return tape.leaf(this.#tensor(name));
  }

  #tensor(name: string): Pointer {
    const tensor = this.#base.tensors.get(name);
    if (tensor === undefined) throw missing(name);
    return tensor;
  }

  #leaf(tape: Tape, name: string): Variable | undefined {
    const views = this.#block?.get(name);
    if (views === undefined) return undefined;
    const leaf = tape.leaf(views.weight, true);
    this.trained.set(name, leaf);
    return leaf;
  }
}

/** All weights trained, from one block: pre-training. */
export class TrainedWeights implements GraphWeights {
  readonly trained = new Map<string, Variable>();
  readonly #block: ParameterBlock;

  constructor(block: ParameterBlock) {
    this.#block = block;
  }

  has(name: string): boolean {
    return this.#block.get(name) !== undefined;
  }

  embedding(tape: Tape, tokens: Pointer): Variable {
    return tape.rows(this.vector(tape, 'token_embd.weight'), tokens);
  }

  linear(tape: Tape, name: string, x: Variable): Variable {
    return tape.matrixMultiply(this.vector(tape, name), x);
  }

  vector(tape: Tape, name: string): Variable {
    const known = this.trained.get(name);
    if (known !== undefined) return known;
    const views = this.#block.get(name);
    if (views === undefined) throw missing(name);
    const leaf = tape.leaf(views.weight, true);
    this.trained.set(name, leaf);
    return leaf;
  }
}
