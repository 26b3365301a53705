// Models of any dense shape with random weights, as large as real ones, written piece by piece.
import { quantise, bytesOf } from '../ffi/quantise.ts';
import { blockSizes } from '../gguf/format.ts';
import { type StreamedTensor, writeGgufStream } from '../gguf/stream-writer.ts';
import { adaptedMatrices } from '../model/parameter-layout.ts';
import { modelMetadata } from '../starter/model-file.ts';
import type { RandomShape } from './model-shapes.ts';

/** Names of the types that matrices can have. */
export type MatrixType = 'F32' | 'F16' | 'BF16' | 'Q8_0' | 'Q4_0' | 'Q4_1' | 'Q5_0' | 'Q5_1' | 'Q2_K' | 'Q3_K' | 'Q4_K' | 'Q5_K' | 'Q6_K';

/** How a random model is written. */
export interface RandomModelOptions {
  /** Type of all matrices; Q8_0 where left out. Where rows are no multiple of its block, a matrix is Q8_0, and F32 where that does not fit either. */
  readonly type?: MatrixType;
  /** The same seed gives the same file. */
  readonly seed?: number;
  /** Factor on the matrices' usual deviation of 1/√inputs; larger ones tell tokens apart more sharply. */
  readonly gain?: number;
}

/** Numbers drawn for a matrix at most; larger ones are put together from stretches of as many. */
const poolElements = 1 << 20;
const pieceBytes = 1 << 20;
/** Stretches that a row is put together from, so that no two rows are alike. */
const stretches = 4;
const [f32, q8] = [0, 8];

function typeNumber(name: MatrixType): number {
  return [...blockSizes].find(([, block]) => block.name === name)?.[0] as number;
}

/** Random 32-bit integers by xorshift32 (Marsaglia 2003): hundreds of millions are needed, so it must be quick. */
function integers(seed: number): () => number {
  let bits = Math.imul(seed, 0x9e3779b9) | 1;
  return () => {
    bits ^= bits << 13;
    bits ^= bits >>> 17;
    bits ^= bits << 5;
    return bits;
  };
}

/** Uniform numbers of that mean and deviation. */
function uniform(length: number, center: number, deviation: number, next: () => number): Float32Array {
  const scale = (2 * Math.sqrt(3) * deviation) / 2 ** 32;
  const values = new Float32Array(length);
  for (let index = 0; index < length; index++) values[index] = center + next() * scale;
  return values;
}

/** Pieces of rows made of random stretches of quantised blocks: copying is many times quicker than drawing and quantising every number. */
function* stitched(pool: Uint8Array, rows: number, rowBytes: number, blockBytes: number, next: () => number): Iterable<Uint8Array> {
  const stretch = Math.ceil(rowBytes / blockBytes / stretches) * blockBytes;
  const places = (pool.length - stretch) / blockBytes + 1;
  const rowsTogether = Math.max(1, Math.floor(pieceBytes / rowBytes));
  for (let row = 0; row < rows; row += rowsTogether) {
    const piece = new Uint8Array(Math.min(rowsTogether, rows - row) * rowBytes);
    for (let start = 0; start < piece.length; start += rowBytes) {
      for (let at = 0; at < rowBytes; at += stretch) {
        const from = ((next() >>> 0) % places) * blockBytes;
        piece.set(pool.subarray(from, from + Math.min(stretch, rowBytes - at)), start + at);
      }
    }
    yield piece;
  }
}

/** What the tensors of a file have in common. */
interface Draw {
  readonly type: number;
  readonly gain: number;
  readonly seed: number;
  /** Quantised numbers that large matrices of the same row length share. */
  readonly pools: Map<string, Uint8Array>;
}

function poolOf({ pools, gain, seed }: Draw, type: number, rowLength: number): Uint8Array {
  const key = `${type} ${rowLength}`;
  const known = pools.get(key);
  if (known !== undefined) return known;
  const length = Math.ceil(poolElements / rowLength) * rowLength;
  const pool = quantise(type, uniform(length, 0, gain / Math.sqrt(rowLength), integers(seed + rowLength)), rowLength);
  pools.set(key, pool);
  return pool;
}

/** A random matrix (two sizes) or vector (one), in its type; `index` among the file's tensors. */
function randomTensor(name: string, shape: readonly number[], index: number, draw: Draw): StreamedTensor {
  const [rowLength = 1, rows = 1] = shape;
  const fitting = [draw.type, q8, f32].find((candidate) => rowLength % (blockSizes.get(candidate)?.elements ?? 1) === 0);
  const type = shape.length === 1 ? f32 : (fitting ?? f32);
  // Norms lie around 1, biases around 0.
  const center = name.endsWith('norm.weight') ? 1 : 0;
  const deviation = shape.length === 1 ? 0.1 : draw.gain / Math.sqrt(rowLength);
  const rowBytes = bytesOf(type, rowLength);
  return {
    name,
    shape,
    type,
    bytes: rows * rowBytes,
    *pieces() {
      const next = integers(draw.seed * 65_537 + index + 1);
      if (rows * rowLength <= poolElements) yield quantise(type, uniform(rows * rowLength, center, deviation, next), rowLength);
      else yield* stitched(poolOf(draw, type, rowLength), rows, rowBytes, blockSizes.get(type)?.bytes as number, next);
    },
  };
}

function vectorsOf({ architecture, layers, width, heads, keyValueHeads, headSize }: RandomShape): readonly (readonly [string, number])[] {
  const [queries, keys] = [heads * headSize, keyValueHeads * headSize];
  const perLayer: readonly (readonly [string, number])[] = [
    ['attn_norm.weight', width],
    ['ffn_norm.weight', width],
    ...(architecture === 'qwen2'
      ? ([
          ['attn_q.bias', queries],
          ['attn_k.bias', keys],
          ['attn_v.bias', keys],
        ] as const)
      : []),
    ...(architecture === 'gemma3'
      ? ([
          ['post_attention_norm.weight', width],
          ['post_ffw_norm.weight', width],
        ] as const)
      : []),
    ...(architecture === 'qwen3' || architecture === 'gemma3'
      ? ([
          ['attn_q_norm.weight', headSize],
          ['attn_k_norm.weight', headSize],
        ] as const)
      : []),
  ];
  return Array.from({ length: layers }, (_, layer) => perLayer.map(([name, size]) => [`blk.${layer}.${name}`, size] as const)).flat();
}

/**
 * Writes a model of that shape (architecture llama, qwen2, qwen3 or gemma3) with random weights and a byte-level vocabulary filled up with tokens that no
 * text contains. Some 10 MB are in memory at any time. Its logits are finite and of the order of `gain`.
 */
export function writeRandomModel(path: string, shape: RandomShape, { type = 'Q8_0', seed = 1, gain = 1 }: RandomModelOptions = {}): void {
  const { width, vocabulary } = shape;
  const tables = shape.tied ? ['token_embd.weight'] : ['token_embd.weight', 'output.weight'];
  const shapes: readonly (readonly [string, readonly number[]])[] = [
    ...tables.map((name) => [name, [width, vocabulary]] as const),
    ['output_norm.weight', [width]],
    ...adaptedMatrices(shape).map(({ name, inputs, outputs }) => [name, [inputs, outputs]] as const),
    ...vectorsOf(shape).map(([name, size]) => [name, [size]] as const),
  ];
  const draw: Draw = { type: typeNumber(type), gain, seed, pools: new Map() };
  const tensors = shapes.map(([name, sizes], index) => randomTensor(name, sizes, index, draw));
  writeGgufStream(path, modelMetadata(shape, `random ${shape.architecture}`), tensors);
}
