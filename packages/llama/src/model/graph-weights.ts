import { RedQueenError } from '@redqueen/core';
import type { Pointer } from '../ffi/ggml.ts';
import type { FrozenMatrix, Tape, Variable } from '../tape/tape.ts';
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
  /** A tensor that is used as it is and never trained; null where the model has none of that name. */
  constant(name: string): Pointer | null;
  /** The trained leaves that the graph used, by slot name. */
  readonly trained: ReadonlyMap<string, Variable>;
}

function missing(name: string): RedQueenError {
  return new RedQueenError('failed_precondition', `model: it cannot be trained: the tensor "${name}" is missing`);
}

/** An adapter in native memory, as graphs use it. */
export interface AdapterInUse {
  /** A and B, with alpha / rank folded into B, so that graphs do not depend on it. */
  readonly block: ParameterBlock;
  /** W + B A of every adapted matrix; null where they are not kept. */
  readonly merged: ReadonlyMap<string, FrozenMatrix> | null;
  /** Whether A and B get gradients. */
  readonly trained: boolean;
}

/** The frozen base with a LoRA adapter (null for none): y = W x + B A x. */
export class AdaptedWeights implements GraphWeights {
  readonly trained = new Map<string, Variable>();
  readonly #base: BaseWeights;
  readonly #adapter: AdapterInUse | null;

  constructor(base: BaseWeights, adapter: AdapterInUse | null) {
    this.#base = base;
    this.#adapter = adapter;
  }

  has(name: string): boolean {
    return this.#base.tensors.has(name);
  }

  embedding(tape: Tape, tokens: Pointer): Variable {
    return tape.rows(tape.leaf(this.#tensor('token_embd.weight')), tokens);
  }

  linear(tape: Tape, name: string, x: Variable): Variable {
    const y = this.#product(tape, name, x);
    const bias = this.#base.tensors.get(name.replace(/weight$/, 'bias'));
    return bias === undefined ? y : tape.addFrozen(y, bias);
  }

  vector(tape: Tape, name: string): Variable {
    return tape.leaf(this.#tensor(name));
  }

  constant(name: string): Pointer | null {
    return this.#base.tensors.get(name) ?? null;
  }

  #tensor(name: string): Pointer {
    const tensor = this.#base.tensors.get(name);
    if (tensor === undefined) throw missing(name);
    return tensor;
  }

  #product(tape: Tape, name: string, x: Variable): Variable {
    const matrix = this.#base.matrices.get(name);
    if (matrix === undefined) throw missing(name);
    const merged = this.#adapter?.merged?.get(name);
    if (merged !== undefined && this.#adapter?.trained === false) return tape.frozenLinear(merged, x);
    const a = this.#leaf(tape, `${name}.lora_a`);
    const b = this.#leaf(tape, `${name}.lora_b`);
    if (a === undefined || b === undefined) return tape.frozenLinear(matrix, x);
    if (merged !== undefined) return tape.mergedLinear(merged, a, b, x);
    return tape.add(tape.frozenLinear(matrix, x), tape.matrixMultiply(b, tape.matrixMultiply(a, x)));
  }

  #leaf(tape: Tape, name: string): Variable | undefined {
    const views = this.#adapter?.block.get(name);
    if (views === undefined) return undefined;
    const leaf = tape.leaf(views.weight, this.#adapter?.trained === true);
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

  constant(): null {
    return null;
  }
}
