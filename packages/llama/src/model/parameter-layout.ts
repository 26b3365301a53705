import type { AnyModel } from './foreign-model.ts';
import type { HyperParameters } from './hyper-parameters.ts';

/** One trained tensor inside a flat array. */
export interface ParameterSlot {
  readonly name: string;
  /** Sizes, fastest dimension first: one or two numbers. */
  readonly shape: readonly number[];
  /** First element. */
  readonly offset: number;
  readonly length: number;
}

/** Trained tensors laid one after another in a flat Float32Array, so that weights, gradients and moments move as one block. */
export interface ParameterLayout {
  readonly slots: readonly ParameterSlot[];
  /** Elements of all slots. */
  readonly length: number;
}

/** The matrices of a layer that carry an adapter. */
export const adapterTargets = ['attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_gate', 'ffn_up', 'ffn_down'] as const;

/** A matrix of the base model: [inputs, outputs]. */
export interface MatrixShape {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
}

function layoutOf(shapes: readonly { readonly name: string; readonly shape: readonly number[] }[]): ParameterLayout {
  let offset = 0;
  const slots = shapes.map(({ name, shape }) => {
    const length = shape.reduce((product, size) => product * size, 1);
    const slot = { name, shape, offset, length };
    offset += length;
    return slot;
  });
  return { slots, length: offset };
}

/** The matrices of all layers that adapters apply to, in the order of adapter files. */
export function adaptedMatrices(model: AnyModel): readonly MatrixShape[] {
  if ('matrices' in model) return model.matrices;
  const { width, feedForward, headSize } = model;
  const [queries, keys] = [model.heads * headSize, model.keyValueHeads * headSize];
  const sizes: Readonly<Record<(typeof adapterTargets)[number], readonly [number, number]>> = {
    attn_q: [width, queries],
    attn_k: [width, keys],
    attn_v: [width, keys],
    attn_output: [queries, width],
    ffn_gate: [width, feedForward],
    ffn_up: [width, feedForward],
    ffn_down: [feedForward, width],
  };
  return Array.from({ length: model.layers }, (_, layer) =>
    adapterTargets.map((target) => ({ name: `blk.${layer}.${target}.weight`, inputs: sizes[target][0], outputs: sizes[target][1] })),
  ).flat();
}

/** LoRA parameters: for each matrix W, A [inputs, rank] named W.lora_a and B [rank, outputs] named W.lora_b. */
export function adapterLayout(model: AnyModel, rank: number): ParameterLayout {
  return layoutOf(
    adaptedMatrices(model).flatMap(({ name, inputs, outputs }) => [
      { name: `${name}.lora_a`, shape: [inputs, rank] },
      { name: `${name}.lora_b`, shape: [rank, outputs] },
    ]),
  );
}

/** All tensors of an untied llama-architecture model, as a model file holds them. */
export function fullLayout(model: HyperParameters): ParameterLayout {
  const { width, vocabulary } = model;
  const matrices = new Map(adaptedMatrices(model).map(({ name, inputs, outputs }) => [name, [inputs, outputs]]));
  const layers = Array.from({ length: model.layers }, (_, layer) => {
    const matrix = (target: string) => ({
      name: `blk.${layer}.${target}.weight`,
      shape: matrices.get(`blk.${layer}.${target}.weight`) ?? [],
    });
    const norm = (target: string) => ({ name: `blk.${layer}.${target}.weight`, shape: [width] });
    return [norm('attn_norm'), ...adapterTargets.slice(0, 4).map(matrix), norm('ffn_norm'), ...adapterTargets.slice(4).map(matrix)];
  }).flat();
  return layoutOf([
    { name: 'token_embd.weight', shape: [width, vocabulary] },
    { name: 'output_norm.weight', shape: [width] },
    { name: 'output.weight', shape: [width, vocabulary] },
    ...layers,
  ]);
}
