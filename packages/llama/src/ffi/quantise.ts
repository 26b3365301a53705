import { RedQueenError } from '@redqueen/core';
import koffi from 'koffi';
import { blockSizes } from '../gguf/format.ts';
import type { Pointer } from './ggml.ts';
import { ggmlBase } from './libraries.ts';

const quantizeChunk = ggmlBase.func(
  'size_t ggml_quantize_chunk(int type, const float* src, void* dst, int64_t start, int64_t nrows, int64_t n_per_row, const float* imatrix)',
);

/** Bytes of `elements` numbers in a ggml type. Throws `invalid_argument` where they are no whole number of its blocks. */
export function bytesOf(type: number, elements: number): number {
  const block = blockSizes.get(type);
  if (block === undefined || elements % block.elements !== 0)
    throw new RedQueenError('invalid_argument', `ggml: ${elements} numbers cannot be stored as ${block?.name ?? `type ${type}`}`);
  return (elements / block.elements) * block.bytes;
}

/**
 * Rows of numbers in another ggml type (F32, F16, BF16 or a quantised one), by ggml's own quantisation.
 * Throws `invalid_argument` where a row is no multiple of the type's block: ggml would write beyond the end.
 */
export function quantise(type: number, values: Float32Array, rowLength: number): Uint8Array {
  const rows = values.length / rowLength;
  const bytes = new Uint8Array(rows * bytesOf(type, rowLength));
  const written = Number(quantizeChunk(type, values, bytes, 0, rows, rowLength, null));
  if (written !== bytes.length) throw new RedQueenError('internal', `ggml: quantising gave ${written} bytes where ${bytes.length} are due`);
  return bytes;
}

const typeTraits = ggmlBase.func('void* ggml_get_type_traits(int type)') as unknown as (type: number) => Pointer;
const toFloat = koffi.proto('void ggml_to_float(const void* x, float* y, int64_t k)');
// struct ggml_type_traits: byte offsets of the fields that we read.
const [blockOffset, sizeOffset, toFloatOffset] = [8n, 24n, 40n];

/** Numbers of any ggml type as F32. Throws `failed_precondition` where ggml's table of types is not laid out as we know it. */
export function dequantise(type: number, bytes: Uint8Array): Float32Array {
  const block = blockSizes.get(type);
  if (block === undefined) throw new RedQueenError('invalid_argument', `ggml: type ${type} is unknown`);
  const values = new Float32Array((bytes.length / block.bytes) * block.elements);
  if (block.name === 'F32') {
    new Uint8Array(values.buffer).set(bytes);
    return values;
  }
  const traits = typeTraits(type);
  const known = koffi.decode.int64(traits + blockOffset) === block.elements && koffi.decode.uint64(traits + sizeOffset) === block.bytes;
  const convert = BigInt(koffi.decode.uint64(traits + toFloatOffset));
  if (!known || convert === 0n)
    throw new RedQueenError(
      'failed_precondition',
      `ggml: its table of types differs from what we know; install the node-llama-cpp version of package.json`,
    );
  koffi.call(convert, toFloat, bytes, values, values.length);
  return values;
}
