import { RedQueenError } from '@redqueen/core';
import type { GgufHeader } from '../gguf/reader.ts';
import { type GemmaTraits, gemmaTraits } from './gemma.ts';
import { type RopeScaling, ropeScalingOf } from './rope-scaling.ts';

/** What a model's graph depends on besides its weights. */
export interface HyperParameters extends GemmaTraits {
  readonly architecture: string;
  readonly layers: number;
  /** Width of the residual stream. */
  readonly width: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly feedForward: number;
  /** Longest sequence, prompt and answer together. */
  readonly context: number;
  readonly epsilon: number;
  readonly ropeBase: number;
  readonly ropeDimensions: number;
  /** ggml's RoPE mode: 0 pairs neighbours, 2 pairs halves. */
  readonly ropeMode: number;
  readonly vocabulary: number;
  /** How rotations are stretched beyond the context that the model was first trained on; undefined where they are not. */
  readonly ropeScaling?: RopeScaling | undefined;
}

/** What products of queries and keys are multiplied by before the softmax. */
export function attentionScale({ headSize, attentionWidth = headSize }: HyperParameters): number {
  return 1 / Math.sqrt(attentionWidth);
}

/** Architectures whose graph we build, with their RoPE mode. */
const ropeModes: ReadonlyMap<string, number> = new Map([
  ['llama', 0],
  ['qwen2', 2],
  ['qwen3', 2],
  ['gemma3', 2],
]);
/** Metadata that would change the graph in ways that we do not build. */
const unsupported = [
  'expert_count',
  'attn_logit_softcapping',
  'final_logit_softcapping',
  'logit_scale',
  'residual_scale',
  'embedding_scale',
  'attention.scale',
] as const;
const layerTensors =
  /^blk\.\d+\.(attn_(norm|q|k|v|output|q_norm|k_norm)|ffn_(norm|gate|up|down)|post_attention_norm|post_ffw_norm)\.weight$|^blk\.\d+\.attn_[qkv]\.bias$/;
const topTensors: ReadonlySet<string> = new Set(['token_embd.weight', 'output_norm.weight', 'output.weight', 'rope_freqs.weight']);

function refuse(reason: string): RedQueenError {
  return new RedQueenError(
    'failed_precondition',
    `model: it cannot be trained: ${reason}; use a dense model of ${[...ropeModes.keys()].join(', ')}`,
  );
}

function numberOf(header: GgufHeader, key: string, fallback?: number): number {
  const value = header.metadata.get(key) ?? fallback;
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0)
    throw refuse(`"${key}" is ${value === undefined ? 'missing' : String(value)}`);
  return value;
}

function checkSupported(header: GgufHeader, architecture: string): void {
  for (const name of architecture === 'gemma3' ? unsupported : [...unsupported, 'attention.sliding_window']) {
    const value = header.metadata.get(`${architecture}.${name}`);
    if (value !== undefined && value !== 0) throw refuse(`"${architecture}.${name}" is ${String(value)}, which our graph does not have`);
  }
  const stranger = header.tensors.find((tensor) => !layerTensors.test(tensor.name) && !topTensors.has(tensor.name));
  if (stranger !== undefined) throw refuse(`our graph has no place for its tensor "${stranger.name}"`);
}

/**
 * The hyper-parameters of a GGUF model. Throws `failed_precondition`, saying why, for an architecture or a variant that our graph does not cover:
 * such a model could neither be sampled with adapters nor trained here.
 */
export function hyperParametersOf(header: GgufHeader): HyperParameters {
  const architecture = header.metadata.get('general.architecture');
  if (header.metadata.get('general.type') === 'adapter') throw refuse('the file is a LoRA adapter, not a model');
  const ropeMode = typeof architecture === 'string' ? ropeModes.get(architecture) : undefined;
  if (typeof architecture !== 'string' || ropeMode === undefined) throw refuse(`its architecture is ${String(architecture)}`);
  checkSupported(header, architecture);
  const read = (name: string, fallback?: number): number => numberOf(header, `${architecture}.${name}`, fallback);
  const embedding = header.tensors.find((tensor) => tensor.name === 'token_embd.weight');
  const [width, heads] = [read('embedding_length'), read('attention.head_count')];
  const headSize = read('attention.key_length', width / heads);
  if (embedding?.shape.length !== 2 || embedding.shape[0] !== width) throw refuse('"token_embd.weight" is missing or has the wrong shape');
  if (read('attention.value_length', headSize) !== headSize) throw refuse('keys and values differ in size');
  const layers = read('block_count');
  return {
    architecture,
    ropeMode,
    width,
    heads,
    headSize,
    layers,
    keyValueHeads: read('attention.head_count_kv', heads),
    feedForward: read('feed_forward_length'),
    context: read('context_length'),
    epsilon: read('attention.layer_norm_rms_epsilon'),
    ropeBase: read('rope.freq_base', 10000),
    ropeDimensions: read('rope.dimension_count', headSize),
    ropeScaling: ropeScalingOf(header, architecture, read('context_length'), refuse),
    vocabulary: embedding.shape[1] as number,
    ...(architecture === 'gemma3' ? gemmaTraits(header, { layers, width, heads }, refuse) : {}),
  };
}
