import { RedQueenError } from '@redqueen/core';
import type { GgufHeader } from '../gguf/reader.ts';
import { type HyperParameters, hyperParametersOf } from './hyper-parameters.ts';
import type { MatrixShape } from './parameter-layout.ts';

/** A model that llama.cpp can run and whose graph we do not build: it can be sampled and scored, with adapters, and not trained by gradients. */
export interface ForeignModel {
  readonly architecture: string;
  /** Longest sequence, prompt and answer together. */
  readonly context: number;
  readonly vocabulary: number;
  readonly layers: number;
  /** Width of the residual stream. */
  readonly width: number;
  /** The matrices that carry an adapter, in the order of adapter files. */
  readonly matrices: readonly MatrixShape[];
  /** Why our graph does not cover it. */
  readonly reason: string;
}

/** A model of either kind. */
export type AnyModel = HyperParameters | ForeignModel;

/** Whether we build the model's graph, so that gradients can be computed. */
export function isTrainable(model: AnyModel): model is HyperParameters {
  return !('matrices' in model);
}

/** The model of a GGUF file. Throws `failed_precondition` where it is no language model with layers of matrices. */
export function modelOf(header: GgufHeader): AnyModel {
  try {
    return hyperParametersOf(header);
  } catch (error) {
    const { code, message } = RedQueenError.from(error);
    const model = code === 'failed_precondition' ? foreignModelOf(header, message) : null;
    if (model === null) throw error;
    return model;
  }
}

/** The error of training a model whose graph we do not build. */
export function cannotTrain({ reason }: ForeignModel): RedQueenError {
  return new RedQueenError('failed_precondition', `${reason}. Without gradients it can be improved by evolution strategies`);
}

/** Matrices of layers as adapters name them: llama.cpp applies adapters to two-dimensional weights. */
const layerMatrix = /^blk\.\d+\.[a-z0-9_.]+\.weight$/;

function foreignModelOf(header: GgufHeader, reason: string): ForeignModel | null {
  const { metadata, tensors } = header;
  const architecture = metadata.get('general.architecture');
  const embedding = tensors.find(({ name }) => name === 'token_embd.weight');
  if (typeof architecture !== 'string' || metadata.get('general.type') === 'adapter' || embedding?.shape.length !== 2) return null;
  const [context, layers] = ['context_length', 'block_count'].map((name) => metadata.get(`${architecture}.${name}`));
  if (typeof context !== 'number' || typeof layers !== 'number') return null;
  const matrices = tensors
    .filter(({ name, shape }) => shape.length === 2 && layerMatrix.test(name))
    .map(({ name, shape }) => ({ name, inputs: shape[0] as number, outputs: shape[1] as number }));
  const [width, vocabulary] = embedding.shape as readonly [number, number];
  return matrices.length === 0 ? null : { architecture, context, vocabulary, layers, width, matrices, reason };
}
