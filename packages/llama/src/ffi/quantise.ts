import { RedQueenError } from '@redqueen/core';
import { blockSizes } from '../gguf/format.ts';
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
