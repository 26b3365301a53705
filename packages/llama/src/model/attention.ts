import { graphs, ops, type Pointer, tensors } from '../ffi/ggml.ts';
import type { Tape, Variable } from '../tape/tape.ts';
import { attentionScale, type HyperParameters } from './hyper-parameters.ts';
import { isLocal } from './sliding-window.ts';
import type { AttentionOf } from './transformer.ts';

/** New tokens: `columns` in each of `groups` groups that do not see each other. */
export interface Block {
  readonly columns: number;
  readonly groups: number;
}

/** Queries grouped by the key head that they share: [headSize, columns · heads / keyValueHeads, keyValueHeads, groups]. No op has to broadcast then. */
function groupQueries(tape: Tape, model: HyperParameters, queries: Variable, { columns, groups }: Block): Variable {
  const { headSize, heads, keyValueHeads } = model;
  const byHead = tape.permute(tape.reshape(queries, [headSize, heads, columns, groups]), [0, 2, 1, 3]);
  return tape.reshape(byHead, [headSize, (columns * heads) / keyValueHeads, keyValueHeads, groups]);
}

/** The inverse of `groupQueries` for the mixed values: [heads · headSize, columns · groups]. */
function ungroup(tape: Tape, model: HyperParameters, mixed: Variable, { columns, groups }: Block): Variable {
  const { headSize, heads } = model;
  const byColumn = tape.permute(tape.reshape(mixed, [headSize, columns, heads, groups]), [0, 2, 1, 3]);
  return tape.reshape(byColumn, [headSize * heads, columns * groups, 1, 1]);
}

/** Weights of grouped queries over keys [headSize, slots, …] under a mask [slots, columns, 1, groups]: softmax(scale · q · k + mask). */
function weigh(tape: Tape, model: HyperParameters, queries: Variable, keys: Variable, mask: Pointer): Variable {
  return tape.softmax(tape.matrixMultiply(keys, queries), mask, attentionScale(model));
}

/** Masks of attention, F32 [columns, columns, 1, groups]: of all layers, and of those that see a window only. */
export interface TreeMasks {
  readonly whole: Pointer;
  readonly local: Pointer;
}

/** Attention inside groups of tokens. Differentiable. */
export function treeAttention(model: HyperParameters, block: Block, masks: TreeMasks): AttentionOf {
  const { headSize, keyValueHeads } = model;
  const { columns, groups } = block;
  return (tape) => (layer, queries, keys, values) => {
    const mask = isLocal(model.slidingWindow, layer) ? masks.local : masks.whole;
    const grouped = groupQueries(tape, model, queries, block);
    const byHead = tape.permute(tape.reshape(keys, [headSize, keyValueHeads, columns, groups]), [0, 2, 1, 3]);
    const turned = tape.permute(tape.reshape(values, [headSize, keyValueHeads, columns, groups]), [1, 2, 0, 3]);
    return ungroup(tape, model, tape.matrixMultiply(turned, weigh(tape, model, grouped, byHead, mask)), block);
  };
}

/** Keys and values of one layer for `slots` tokens of each group: keys [headSize, slots, keyValueHeads, groups], values [slots, headSize, keyValueHeads, groups]. */
export interface LayerCache {
  readonly keys: Pointer;
  readonly values: Pointer;
}

/** Which part of a cache a step writes (`columns` slots of each group from `first` on) and reads (the first `known`). */
export interface CacheStep extends Block {
  readonly caches: readonly LayerCache[];
  /** Slots of each group that the cache has room for. */
  readonly slots: number;
  readonly first: number;
  readonly known: number;
}

/** Where a graph is under construction. */
export interface Construction {
  readonly context: Pointer;
  readonly graph: Pointer;
}

/** Attention that stores the new tokens' keys and values and attends over those stored so far; mask F32 [known, columns, 1, groups]. Not differentiable. */
export function cachedAttention(construction: Construction, model: HyperParameters, step: CacheStep, mask: Pointer): AttentionOf {
  return (tape) => (layer, queries, keys, values) => {
    const cache = step.caches[layer] as LayerCache;
    store(construction, model, step, cache, [keys, values]);
    const { known, slots, groups } = step;
    const { headSize, keyValueHeads } = model;
    const strides = [float * headSize * slots, float * headSize * slots * keyValueHeads] as const;
    const allKeys = tensors.view4d(
      construction.context,
      cache.keys,
      headSize,
      known,
      keyValueHeads,
      groups,
      float * headSize,
      ...strides,
      0,
    );
    const allValues = tensors.view4d(
      construction.context,
      cache.values,
      known,
      headSize,
      keyValueHeads,
      groups,
      float * slots,
      ...strides,
      0,
    );
    const weights = weigh(tape, model, groupQueries(tape, model, queries, step), tape.leaf(allKeys), mask);
    return ungroup(tape, model, tape.matrixMultiply(tape.leaf(allValues), weights), step);
  };
}

const float = 4;

/** Copies new keys and values to their slots. Expanding the copies here puts them before the reads, which ggml cannot see to depend on them. */
function store(
  { context, graph }: Construction,
  { headSize, keyValueHeads }: HyperParameters,
  { columns, groups, slots, first }: CacheStep,
  cache: LayerCache,
  [keys, values]: readonly [Variable, Variable],
): void {
  const strides = [float * headSize * slots, float * headSize * slots * keyValueHeads] as const;
  const newKeys = ops.permute(context, ops.reshape4d(context, keys.tensor, headSize, keyValueHeads, columns, groups), 0, 2, 1, 3);
  const newValues = ops.permute(context, ops.reshape4d(context, values.tensor, headSize, keyValueHeads, columns, groups), 1, 2, 0, 3);
  const keyPlace = tensors.view4d(
    context,
    cache.keys,
    headSize,
    columns,
    keyValueHeads,
    groups,
    float * headSize,
    ...strides,
    float * first * headSize,
  );
  const valuePlace = tensors.view4d(
    context,
    cache.values,
    columns,
    headSize,
    keyValueHeads,
    groups,
    float * slots,
    ...strides,
    float * first,
  );
  graphs.expand(graph, ops.copy(context, newKeys, keyPlace));
  graphs.expand(graph, ops.copy(context, newValues, valuePlace));
}
