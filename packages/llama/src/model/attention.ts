import { graphs, ops, type Pointer, tensors } from '../ffi/ggml.ts';
import type { Tape, Variable } from '../tape/tape.ts';
import type { HyperParameters } from './hyper-parameters.ts';
import type { Attention } from './transformer.ts';

/** Queries grouped by the key head that they share: [headSize, columns · (heads / keyValueHeads), keyValueHeads, groups]. No op has to broadcast then. */
function groupQueries(tape: Tape, model: HyperParameters, queries: Variable, columns: number, groups: number): Variable {
  const { headSize, heads, keyValueHeads } = model;
  const byHead = tape.permute(tape.reshape(queries, [headSize, heads, columns, groups]), [0, 2, 1, 3]);
  return tape.reshape(byHead, [headSize, (columns * heads) / keyValueHeads, keyValueHeads, groups]);
}

/** The inverse of `groupQueries` for the mixed values: [heads · headSize, columns · groups]. */
function ungroup(tape: Tape, model: HyperParameters, mixed: Variable, columns: number, groups: number): Variable {
  const { headSize, heads } = model;
  const byColumn = tape.permute(tape.reshape(mixed, [headSize, columns, heads, groups]), [0, 2, 1, 3]);
  return tape.reshape(byColumn, [headSize * heads, columns * groups, 1, 1]);
}

/** Softmax attention of grouped queries over keys [headSize, slots, …] and values [slots, headSize, …] under a mask. */
function mix(tape: Tape, model: HyperParameters, queries: Variable, keys: Variable, values: Variable, mask: Pointer): Variable {
  const scores = tape.softmax(tape.matrixMultiply(keys, queries), mask, 1 / Math.sqrt(model.headSize));
  return tape.matrixMultiply(values, scores);
}

/** Attention inside `groups` groups of `slots` tokens each; mask F32 [slots, slots · heads / keyValueHeads, 1, groups]. Differentiable. */
export function treeAttention(tape: Tape, model: HyperParameters, slots: number, groups: number, mask: Pointer): Attention {
  const { headSize, keyValueHeads } = model;
  return (_layer, queries, keys, values) => {
    const grouped = groupQueries(tape, model, queries, slots, groups);
    const byHead = tape.permute(tape.reshape(keys, [headSize, keyValueHeads, slots, groups]), [0, 2, 1, 3]);
    const turned = tape.permute(tape.reshape(values, [headSize, keyValueHeads, slots, groups]), [1, 2, 0, 3]);
    return ungroup(tape, model, mix(tape, model, grouped, byHead, turned, mask), slots, groups);
  };
}

/** Keys and values of one layer for `slots` tokens of each group: keys [headSize, slots, keyValueHeads, groups], values [slots, headSize, keyValueHeads, groups]. */
export interface LayerCache {
  readonly keys: Pointer;
  readonly values: Pointer;
}

/** Which part of a cache a step writes: `columns` slots of each group from `first` on. */
export interface CacheStep {
  readonly caches: readonly LayerCache[];
  /** Slots of each group that the cache has room for. */
  readonly slots: number;
  readonly groups: number;
  readonly first: number;
  readonly columns: number;
}

/** Attention that stores the new tokens' keys and values and attends over everything stored so far. Not differentiable. */
export function cachedAttention(context: Pointer, graph: Pointer, tape: Tape, model: HyperParameters, step: CacheStep, mask: Pointer): Attention {
  const { headSize, keyValueHeads } = model;
  const { caches, slots, groups, first, columns } = step;
  const known = first + columns;
  const float = 4;
  const strides = [headSize * slots * float, headSize * slots * keyValueHeads * float] as const;
  return (layer, queries, keys, values) => {
    const cache = caches[layer] as LayerCache;
    const newKeys = ops.permute(context, ops.reshape4d(context, keys.tensor, headSize, keyValueHeads, columns, groups), 0, 2, 1, 3);
    const newValues = ops.permute(context, ops.reshape4d(context, values.tensor, headSize, keyValueHeads, columns, groups), 1, 2, 0, 3);
    const keyPlace = tensors.view4d(context, cache.keys, headSize, columns, keyValueHeads, groups, headSize * float, ...strides, first * headSize * float);
    const valuePlace = tensors.view4d(context, cache.values, columns, headSize, keyValueHeads, groups, slots * float, ...strides, first * float);
    // Expanding the copies first puts them before the reads, which ggml cannot see to depend on them.
    graphs.expand(graph, ops.copy(context, newKeys, keyPlace));
    graphs.expand(graph, ops.copy(context, newValues, valuePlace));
    const allKeys = tensors.view4d(context, cache.keys, headSize, known, keyValueHeads, groups, headSize * float, ...strides, 0);
    const allValues = tensors.view4d(context, cache.values, known, headSize, keyValueHeads, groups, slots * float, ...strides, 0);
    const grouped = groupQueries(tape, model, queries, columns, groups);
    return ungroup(tape, model, mix(tape, model, grouped, tape.leaf(allKeys), tape.leaf(allValues), mask), columns, groups);
  };
}
