import { RedQueenError } from '@redqueen/core';
import type { MetadataEntry } from '../gguf/format.ts';
import { parseGguf } from '../gguf/reader.ts';
import { encodeGguf } from '../gguf/writer.ts';
import { sampleStream } from '../engine/sample-stream.ts';
import type { HyperParameters } from '../model/hyper-parameters.ts';
import { fullLayout, type ParameterLayout } from '../model/parameter-layout.ts';
import { byteVocabularyMetadata, byteVocabularySize, type MoreToken } from './byte-vocabulary.ts';

/** Size of a byte-level llama-architecture model. */
export interface ModelSize {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly feedForward: number;
  /** Longest sequence in tokens. */
  readonly context: number;
}

/** The hyper-parameters of a byte-level llama model of that size. */
export function byteModel(size: ModelSize): HyperParameters {
  const headSize = size.width / size.heads;
  return {
    ...size,
    architecture: 'llama',
    headSize,
    epsilon: 1e-5,
    ropeBase: 10000,
    ropeDimensions: headSize,
    ropeMode: 0,
    vocabulary: byteVocabularySize,
  };
}

/** What a model file may have beside weights and bytes. */
export interface ModelExtras {
  /** Further tokens, after the byte-level ones; the model's vocabulary counts them. */
  readonly tokens?: readonly MoreToken[];
  /** A Jinja template of conversations. */
  readonly chatTemplate?: string;
}

/** The metadata of a model file: its hyper-parameters, and the byte-level vocabulary filled up to the model's. */
export function modelMetadata(
  model: HyperParameters,
  name: string,
  { tokens = [], chatTemplate }: ModelExtras = {},
): readonly MetadataEntry[] {
  const { architecture } = model;
  const u32 = (key: string, value: number): MetadataEntry => ({ key: `${architecture}.${key}`, type: 'u32', value });
  const f32 = (key: string, value: number): MetadataEntry => ({ key: `${architecture}.${key}`, type: 'f32', value });
  const window = model.slidingWindow;
  // Files leave the size of heads out where it follows from the width.
  const headSizes = model.headSize * model.heads === model.width ? [] : ['attention.key_length', 'attention.value_length'];
  return [
    { key: 'general.architecture', type: 'string', value: architecture },
    { key: 'general.name', type: 'string', value: name },
    { key: 'general.file_type', type: 'u32', value: 0 },
    u32('context_length', model.context),
    u32('embedding_length', model.width),
    u32('block_count', model.layers),
    u32('feed_forward_length', model.feedForward),
    u32('attention.head_count', model.heads),
    u32('attention.head_count_kv', model.keyValueHeads),
    f32('attention.layer_norm_rms_epsilon', model.epsilon),
    u32('rope.dimension_count', model.ropeDimensions),
    f32('rope.freq_base', model.ropeBase),
    u32('vocab_size', model.vocabulary),
    ...headSizes.map((key) => u32(key, model.headSize)),
    ...(window === undefined
      ? []
      : [
          u32('attention.sliding_window', window.tokens),
          u32('attention.sliding_window_pattern', window.period),
          f32('rope.freq_base_swa', window.ropeBase),
        ]),
    ...byteVocabularyMetadata(tokens, model.vocabulary),
    ...(chatTemplate === undefined ? [] : [{ key: 'tokenizer.chat_template', type: 'string', value: chatTemplate } as const]),
  ];
}

/** A byte-level model as a GGUF file (F32). `weights` is laid out by `fullLayout(model)`. */
export function encodeModel(model: HyperParameters, weights: Float32Array, name: string, extras: ModelExtras = {}): Uint8Array {
  const tensors = fullLayout(model).slots.map(({ name: tensor, shape, offset, length }) => ({
    name: tensor,
    shape,
    data: weights.subarray(offset, offset + length),
  }));
  return encodeGguf(modelMetadata(model, name, extras), tensors);
}

/** The weights of a file that `encodeModel` made for the same model. Throws `invalid_argument` where a tensor is missing or of another shape or type. */
export function decodeModel(model: HyperParameters, bytes: Uint8Array): Float32Array {
  const layout = fullLayout(model);
  const tensors = new Map(parseGguf(bytes, 'model').tensors.map((tensor) => [tensor.name, tensor]));
  const weights = new Float32Array(layout.length);
  for (const { name, shape, offset, length } of layout.slots) {
    const tensor = tensors.get(name);
    if (tensor === undefined || tensor.shape.join('×') !== shape.join('×') || tensor.bytes !== 4 * length)
      throw new RedQueenError('invalid_argument', `model: it has no tensor "${name}" of ${shape.join('×')} F32 numbers`);
    // A copy, because numbers of four bytes must lie at multiples of four.
    weights.set(new Float32Array(Uint8Array.from(bytes.subarray(tensor.offset, tensor.offset + tensor.bytes)).buffer), offset);
  }
  return weights;
}

/**
 * Random weights: norms 1; embeddings normal with deviation 0.1; matrices normal with deviation 1/√inputs, those that write to the residual stream
 * smaller by √(2 · layers), as in GPT-2 (Radford et al. 2019). The same seed gives the same weights.
 */
export function initialModel(model: HyperParameters, seed: number): Float32Array {
  const layout: ParameterLayout = fullLayout(model);
  const weights = new Float32Array(layout.length);
  for (const [index, { name, shape, offset, length }] of layout.slots.entries()) {
    const slot = weights.subarray(offset, offset + length);
    if (shape.length === 1) slot.fill(1);
    else fillNormal(slot, deviationOf(name, shape[0] as number, model.layers), sampleStream(seed, index));
  }
  return weights;
}

function deviationOf(name: string, inputs: number, layers: number): number {
  if (name === 'token_embd.weight') return 0.1;
  const residual = /attn_output|ffn_down/.test(name);
  return 1 / Math.sqrt(inputs) / (residual ? Math.sqrt(2 * layers) : 1);
}

/** Normal numbers (Box and Muller 1958). */
function fillNormal(target: Float32Array, deviation: number, uniform: () => number): void {
  for (let index = 0; index < target.length; index++) {
    target[index] = deviation * Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  }
}
