import { RedQueenError } from '@redqueen/core';
import { computeGraphNow } from '../ffi/backend.ts';
import { backends, graphs, ops, type Pointer, TensorType, tensors } from '../ffi/ggml.ts';
import { newContext, shapeOf, typeOf, upload } from '../ffi/tensor.ts';
import type { FrozenMatrix } from '../tape/tape.ts';
import { adaptedMatrices } from './parameter-layout.ts';
import type { HyperParameters } from './hyper-parameters.ts';

/** The frozen base model: its tensors as loaded, and the transposed matrices that backward passes need. Shared by all lanes. */
export interface BaseWeights {
  readonly tensors: ReadonlyMap<string, Pointer>;
  readonly matrices: ReadonlyMap<string, FrozenMatrix>;
}

/** The matrix that makes logits: its own, or the embedding where the model ties them. */
export function headName(names: ReadonlyMap<string, unknown>): string {
  return names.has('output.weight') ? 'output.weight' : 'token_embd.weight';
}

/** Transposes a matrix of any type on the backend: dequantise (get_rows), transpose, store as F32 or F16. */
function transposeInto(target: Pointer, source: Pointer, backend: Pointer): void {
  const [, outputs] = shapeOf(source);
  const context = newContext(8, Number(tensors.graphOverhead(16, false)));
  const indices = tensors.new1d(context, TensorType.i32, outputs);
  tensors.setInput(indices);
  const turned = ops.contiguous(context, ops.transpose(context, ops.getRows(context, source, indices)));
  const graph = graphs.create(context, 16, false);
  graphs.expand(graph, ops.copy(context, turned, target));
  const allocator = graphs.newAllocator(backends.bufferType(backend));
  if (!graphs.allocate(allocator, graph))
    throw new RedQueenError('resource_exhausted', 'model: no memory to transpose the weights; use a smaller model');
  upload(
    indices,
    Int32Array.from({ length: outputs }, (_, index) => index),
  );
  computeGraphNow(backend, graph);
  graphs.freeAllocator(allocator);
  tensors.free(context);
}

/** Prepares loaded tensors for training. F32 matrices are transposed as F32, all others as F16 (twice the memory of the base at worst). */
export function prepareBase(loaded: ReadonlyMap<string, Pointer>, model: HyperParameters, backend: Pointer): BaseWeights {
  const names = [...adaptedMatrices(model).map(({ name }) => name), headName(loaded)];
  const context = newContext(names.length);
  const matrices = new Map<string, FrozenMatrix>();
  for (const name of names) {
    const tensor = loaded.get(name);
    if (tensor === undefined)
      throw new RedQueenError('failed_precondition', `model: it cannot be trained: the tensor "${name}" is missing`);
    const [inputs, outputs] = shapeOf(tensor);
    const type = typeOf(tensor) === TensorType.f32 ? TensorType.f32 : TensorType.f16;
    matrices.set(name, { tensor, transposed: tensors.new2d(context, type, outputs, inputs) });
  }
  backends.allocateContext(context, backend);
  for (const { tensor, transposed } of matrices.values()) transposeInto(transposed, tensor, backend);
  return { tensors: loaded, matrices };
}
