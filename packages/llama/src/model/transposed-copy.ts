import { backends, type Pointer, TensorType } from '../ffi/ggml.ts';
import { bytesOf, dequantise, quantise } from '../ffi/quantise.ts';
import { shapeOf, typeOf } from '../ffi/tensor.ts';

/** Rows of the source that are turned together: some MB of numbers. A multiple of every block that a copy may have. */
const rowsTogether = 1024;
/** Side of the squares that are turned at once, so that both sides of the copy stay in the cache. */
const square = 16;

/**
 * The type of a matrix's transposed copy: its own where it has no blocks. Blocks lie along rows, so those of a quantised matrix cannot be kept;
 * its copy is Q8_0, which adds less error than most bases have and needs half of F16, or F16 where `outputs` is no multiple of Q8_0's block.
 */
export function transposedType(type: number, outputs: number): number {
  if (type === TensorType.f32 || type === TensorType.f16 || type === TensorType.bf16) return type;
  return outputs % 32 === 0 ? TensorType.q8_0 : TensorType.f16;
}

/** [rows][columns] → [columns][rows]. */
function turn(values: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(values.length);
  for (let top = 0; top < rows; top += square) {
    const bottom = Math.min(rows, top + square);
    for (let left = 0; left < columns; left += square) {
      const right = Math.min(columns, left + square);
      for (let column = left; column < right; column++)
        for (let row = top; row < bottom; row++) turned[column * rows + row] = values[row * columns + column] as number;
    }
  }
  return turned;
}

/** Fills `target` [outputs, inputs], of `transposedType`, with the transpose of `source` [inputs, outputs]. Yields now and then, since it takes a while. */
export function* fillTransposed(target: Pointer, source: Pointer): Generator<void> {
  const [inputs, outputs] = shapeOf(source);
  const [from, to] = [typeOf(source), typeOf(target)];
  const [rowBytes, targetRowBytes] = [bytesOf(from, inputs), bytesOf(to, outputs)];
  for (let first = 0; first < outputs; first += rowsTogether) {
    const rows = Math.min(rowsTogether, outputs - first);
    const bytes = new Uint8Array(rows * rowBytes);
    backends.get(source, bytes, first * rowBytes, bytes.length);
    const strip = quantise(to, turn(dequantise(from, bytes), rows, inputs), rows);
    const [stripBytes, place] = [strip.length / inputs, bytesOf(to, first)];
    for (let input = 0; input < inputs; input++)
      backends.set(target, strip.subarray(input * stripBytes, (input + 1) * stripBytes), input * targetRowBytes + place, stripBytes);
    yield;
  }
}
