// Reading and writing tensors. The struct's layout is not part of ggml's interface, so `checkTensorLayout` proves it at start-up.
import { RedQueenError } from '@redqueen/core';
import koffi from 'koffi';
import { backends, ops, type Pointer, TensorType, tensors } from './ggml.ts';

// struct ggml_tensor on 64-bit platforms: byte offsets of the fields that we read.
const typeOffset = 0;
const sizesOffset = 16;
const sourcesOffset = 152;
const nameOffset = 256;
const nameBytes = 64;
const tensorBytes = 336;

/** Shape of a tensor, fastest dimension first, always four numbers. */
export type Shape = readonly [number, number, number, number];

/** The shape of a tensor. */
export function shapeOf(tensor: Pointer): Shape {
  const sizes = new BigInt64Array(koffi.view(tensor + BigInt(sizesOffset), 32));
  return [Number(sizes[0]), Number(sizes[1]), Number(sizes[2]), Number(sizes[3])];
}

/** ggml's number of a tensor's type. */
export function typeOf(tensor: Pointer): number {
  return koffi.decode.int32(tensor + BigInt(typeOffset));
}

/** The name of a tensor. */
export function nameOf(tensor: Pointer): string {
  const bytes = new Uint8Array(koffi.view(tensor + BigInt(nameOffset), nameBytes));
  const end = bytes.indexOf(0);
  return Buffer.from(bytes.subarray(0, end < 0 ? nameBytes : end)).toString('utf8');
}

/** Copies a typed array into the start of a tensor. The caller answers for the length. */
export function upload(tensor: Pointer, data: Float32Array | Int32Array): void {
  backends.set(tensor, data, 0, data.byteLength);
}

/** Fills `target` from the start of a tensor and returns it. */
export function download(tensor: Pointer, target: Float32Array): Float32Array {
  backends.get(tensor, target, 0, target.byteLength);
  return target;
}

/** A ggml context for `count` tensors without data (allocators place them), and `extraBytes` for graphs. */
export function newContext(count: number, extraBytes = 0): Pointer {
  const context = tensors.init({ mem_size: Number(tensors.overhead()) * count + extraBytes, mem_buffer: null, no_alloc: true });
  if (context === null)
    throw new RedQueenError('resource_exhausted', 'ggml: no memory for a tensor context; free memory or use a smaller model');
  return context;
}

/** Builds two tensors and compares what we read with what we wrote. Throws `failed_precondition` where ggml's struct has changed. */
export function checkTensorLayout(): void {
  const context = newContext(4);
  const a = tensors.new2d(context, TensorType.i32, 3, 5);
  tensors.setName(a, 'layout-check');
  const b = tensors.new2d(context, TensorType.f32, 3, 5);
  const sum = ops.add(context, b, b);
  const source = koffi.decode.uint64(sum + BigInt(sourcesOffset));
  const facts: readonly (readonly [string, boolean])[] = [
    ['size', Number(tensors.overhead()) >= tensorBytes && Number(tensors.overhead()) < tensorBytes + 64],
    ['type', typeOf(a) === TensorType.i32 && typeOf(b) === TensorType.f32],
    ['ne', shapeOf(a).join() === '3,5,1,1'],
    ['src', BigInt(source) === b],
    ['name', nameOf(a) === 'layout-check'],
  ];
  tensors.free(context);
  const wrong = facts.filter(([, holds]) => !holds).map(([name]) => name);
  if (wrong.length > 0) {
    throw new RedQueenError(
      'failed_precondition',
      `ggml: struct ggml_tensor differs from what we know (${wrong.join(', ')}); install the node-llama-cpp version of package.json`,
    );
  }
}
