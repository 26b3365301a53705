import type { Kept, Lane } from '../engine/lane.ts';
import { backends, graphs, ops, type Pointer, TensorType, tensors } from '../ffi/ggml.ts';
import { newContext, typeOf } from '../ffi/tensor.ts';
import type { FrozenMatrix } from '../tape/tape.ts';
import type { BaseWeights } from './base-weights.ts';
import type { HyperParameters } from './hyper-parameters.ts';
import type { ParameterBlock } from './parameter-block.ts';
import { adaptedMatrices } from './parameter-layout.ts';

/** Which of the two merged forms: W + B A for forward passes, or its transpose for backward ones. */
export type MergedForm = 'tensor' | 'transposed';

/** A lane's copies of the adapted matrices with one adapter merged in: W + B A and its transpose, F32. */
export class MergedMatrices {
  readonly matrices: ReadonlyMap<string, FrozenMatrix>;
  readonly #lane: Lane;
  readonly #base: BaseWeights;

  constructor(lane: Lane, base: BaseWeights, model: HyperParameters) {
    const names = adaptedMatrices(model);
    const context = newContext(2 * names.length);
    this.matrices = new Map(
      names.map(({ name, inputs, outputs }) => {
        const tensor = tensors.new2d(context, TensorType.f32, inputs, outputs);
        return [name, { tensor, transposed: tensors.new2d(context, TensorType.f32, outputs, inputs) }];
      }),
    );
    backends.allocateContext(context, lane.backend);
    this.#lane = lane;
    this.#base = base;
  }

  /** Merges the adapter that the block holds. */
  async merge(block: ParameterBlock, rank: number, form: MergedForm): Promise<void> {
    const graph = this.#lane.keep(`merge ${form} ${rank}`, () => new MergeGraph(this.#lane, this.#base, this.matrices, block, form));
    await graph.run();
  }
}

interface Built {
  readonly context: Pointer;
  readonly graph: Pointer;
  readonly generation: number;
}

const tensorsPerMatrix = 8;

class MergeGraph implements Kept {
  readonly #lane: Lane;
  readonly #base: BaseWeights;
  readonly #matrices: ReadonlyMap<string, FrozenMatrix>;
  readonly #block: ParameterBlock;
  readonly #form: MergedForm;
  #built: Built | null = null;

  constructor(lane: Lane, base: BaseWeights, matrices: ReadonlyMap<string, FrozenMatrix>, block: ParameterBlock, form: MergedForm) {
    this.#lane = lane;
    this.#base = base;
    this.#matrices = matrices;
    this.#block = block;
    this.#form = form;
  }

  async run(): Promise<void> {
    if (this.#built === null || this.#built.generation !== this.#lane.scratch.generation) {
      this.dispose();
      this.#built = this.#build();
    }
    await this.#lane.compute(this.#built.graph);
  }

  dispose(): void {
    if (this.#built !== null) tensors.free(this.#built.context);
    this.#built = null;
  }

  #build(): Built {
    const count = tensorsPerMatrix * this.#matrices.size;
    const context = newContext(count, Number(tensors.graphOverhead(count, false)));
    const graph = graphs.create(context, count, false);
    for (const [name, target] of this.#matrices) {
      const a = this.#block.get(`${name}.lora_a`)?.weight;
      const b = this.#block.get(`${name}.lora_b`)?.weight;
      const source = this.#base.matrices.get(name)?.[this.#form];
      if (a === undefined || b === undefined || source === undefined) continue;
      const turned = ops.contiguous(context, ops.transpose(context, a));
      const change = this.#form === 'tensor' ? ops.matrixMultiply(context, turned, b) : ops.matrixMultiply(context, b, turned);
      graphs.expand(graph, ops.copy(context, ops.add(context, source, change), target[this.#form]));
    }
    this.#lane.scratch.place(graph);
    return { context, graph, generation: this.#lane.scratch.generation };
  }
}

/** Bytes that merged copies of a model's adapted matrices take. */
export function mergedBytes(model: HyperParameters): number {
  return adaptedMatrices(model).reduce((sum, { inputs, outputs }) => sum + 2 * 4 * inputs * outputs, 0);
}

/** Whether merging keeps the base's precision: only where its matrices are F32. */
export function canMerge(base: BaseWeights): boolean {
  return [...base.matrices.values()].every(({ tensor }) => typeOf(tensor) === TensorType.f32);
}
