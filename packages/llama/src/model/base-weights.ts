import { RedQueenError } from '@redqueen/core';
import { setImmediate } from 'node:timers/promises';
import { backends, type Pointer, tensors } from '../ffi/ggml.ts';
import { newContext, shapeOf, typeOf } from '../ffi/tensor.ts';
import type { FrozenMatrix } from '../tape/tape.ts';
import { adaptedMatrices } from './parameter-layout.ts';
import type { HyperParameters } from './hyper-parameters.ts';
import { fillTransposed, transposedType } from './transposed-copy.ts';

/** The matrix that makes logits: its own, or the embedding where the model ties them. */
export function headName(names: ReadonlyMap<string, unknown>): string {
  return names.has('output.weight') ? 'output.weight' : 'token_embd.weight';
}

/** A matrix of the base; the transposed copy appears with the first training. */
class BaseMatrix implements FrozenMatrix {
  readonly tensor: Pointer;
  copy: Pointer | null = null;

  constructor(tensor: Pointer) {
    this.tensor = tensor;
  }

  get transposed(): Pointer {
    if (this.copy === null) throw new RedQueenError('internal', 'llama: a gradient through a matrix whose transposed copy is not made yet');
    return this.copy;
  }
}

/** The frozen base model: its tensors as loaded, and the transposed matrices that backward passes need. Shared by all lanes. */
export class BaseWeights {
  readonly tensors: ReadonlyMap<string, Pointer>;
  readonly #matrices: ReadonlyMap<string, BaseMatrix>;
  readonly #backend: Pointer;
  #transposing: Promise<void> | null = null;

  /** Throws `failed_precondition` where a matrix is missing. */
  constructor(loaded: ReadonlyMap<string, Pointer>, model: HyperParameters, backend: Pointer) {
    this.tensors = loaded;
    this.#backend = backend;
    const names = [...adaptedMatrices(model).map(({ name }) => name), headName(loaded)];
    this.#matrices = new Map(
      names.map((name) => {
        const tensor = loaded.get(name);
        if (tensor === undefined)
          throw new RedQueenError('failed_precondition', `model: it cannot be trained: the tensor "${name}" is missing`);
        return [name, new BaseMatrix(tensor)];
      }),
    );
  }

  /** The matrices that graphs multiply with, by name. */
  get matrices(): ReadonlyMap<string, FrozenMatrix> {
    return this.#matrices;
  }

  /** Memory of the transposed copies: 0 before the first training. */
  get transposedBytes(): number {
    return [...this.#matrices.values()].reduce((sum, { copy }) => sum + (copy === null ? 0 : Number(tensors.bytes(copy))), 0);
  }

  /** Makes the transposed copies, once; a device that only samples never pays for them. Throws `resource_exhausted` without memory. */
  async prepareBackward(): Promise<void> {
    this.#transposing ??= this.#transpose().catch((error: unknown) => {
      this.#transposing = null;
      throw error;
    });
    await this.#transposing;
  }

  async #transpose(): Promise<void> {
    const matrices = [...this.#matrices.values()];
    const context = newContext(matrices.length);
    const copies = matrices.map(({ tensor }) => {
      const [inputs, outputs] = shapeOf(tensor);
      return tensors.new2d(context, transposedType(typeOf(tensor), outputs), outputs, inputs);
    });
    if (backends.allocateContext(context, this.#backend) === null) {
      tensors.free(context);
      throw new RedQueenError('resource_exhausted', 'model: no memory for the transposed weights that training needs; use a smaller model');
    }
    for (const [index, matrix] of matrices.entries()) {
      const copy = copies[index] as Pointer;
      for (const _ of fillTransposed(copy, matrix.tensor)) await setImmediate();
      matrix.copy = copy;
    }
  }
}
