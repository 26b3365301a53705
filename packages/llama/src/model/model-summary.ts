import { RedQueenError } from '@redqueen/core';
import { statSync } from 'node:fs';
import { blockSizes, type TensorInfo } from '../gguf/format.ts';
import { type GgufHeader, readGgufHeader } from '../gguf/reader.ts';
import { isTrainable, modelOf } from './foreign-model.ts';

/** What a model file says of itself, read from its header alone. */
export interface ModelSummary {
  /** "general.name", or empty. */
  readonly name: string;
  readonly architecture: string;
  /** Weights, all tensors together. */
  readonly parameters: number;
  /** Size of the file. */
  readonly bytes: number;
  /** Share of the weights in each type, by its ggml name, e.g. { Q4_0: 0.98, F32: 0.02 }; the largest first. */
  readonly types: Readonly<Record<string, number>>;
  /** 0 where the file does not say. */
  readonly layers: number;
  readonly width: number;
  /** Longest sequence in tokens. */
  readonly context: number;
  /** Rows of the embedding. */
  readonly vocabulary: number;
  readonly chatTemplate: boolean;
  /** How agents can learn on it; none where they cannot even sample from it. */
  readonly training: 'gradients' | 'evolution-strategies' | 'none';
  /** Why not by gradients; empty where they can. */
  readonly reason: string;
}

const elementsOf = ({ shape }: TensorInfo): number => shape.reduce((product, size) => product * size, 1);

function typeShares(tensors: readonly TensorInfo[], parameters: number): Record<string, number> {
  const counts = new Map<string, number>();
  for (const tensor of tensors) {
    const name = blockSizes.get(tensor.type)?.name ?? `type ${tensor.type}`;
    counts.set(name, (counts.get(name) ?? 0) + elementsOf(tensor));
  }
  const shares = [...counts].map(([name, count]) => [name, count / parameters] as const);
  return Object.fromEntries(shares.toSorted(([, a], [, b]) => b - a));
}

function trainingOf(header: GgufHeader): Pick<ModelSummary, 'training' | 'reason'> {
  try {
    const model = modelOf(header);
    return isTrainable(model) ? { training: 'gradients', reason: '' } : { training: 'evolution-strategies', reason: model.reason };
  } catch (error) {
    return { training: 'none', reason: RedQueenError.from(error).message };
  }
}

/** Reads the header of a GGUF model. Throws `invalid_argument` where the file is damaged or no GGUF. */
export function summariseModel(file: string): ModelSummary {
  const header = readGgufHeader(file);
  const text = (key: string): string => String(header.metadata.get(key) ?? '');
  const architecture = text('general.architecture');
  const number = (key: string): number => Number(header.metadata.get(`${architecture}.${key}`) ?? 0);
  const parameters = header.tensors.reduce((sum, tensor) => sum + elementsOf(tensor), 0);
  return {
    name: text('general.name'),
    architecture,
    parameters,
    bytes: statSync(file).size,
    types: typeShares(header.tensors, parameters),
    layers: number('block_count'),
    width: number('embedding_length'),
    context: number('context_length'),
    vocabulary: header.tensors.find(({ name }) => name === 'token_embd.weight')?.shape[1] ?? 0,
    chatTemplate: header.metadata.has('tokenizer.chat_template'),
    ...trainingOf(header),
  };
}
