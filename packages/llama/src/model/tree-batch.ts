import type { PrefixTree } from './prefix-tree.ts';
import type { SlidingWindow } from './sliding-window.ts';

/** Size of a batch of trees: `bins` bins of `slots` slots each, which hold one or more trees, and `rows` rows of logits. Graphs are cached by it. */
export interface TreeShape {
  readonly bins: number;
  readonly slots: number;
  readonly rows: number;
}

/** A tree with its place: which bin, from which slot on. */
export interface PlacedTree {
  readonly tree: PrefixTree;
  readonly bin: number;
  readonly first: number;
}

/** The inputs of a forward pass over several trees. */
export interface TreeInputs {
  readonly tokens: Int32Array;
  readonly positions: Int32Array;
  /** [slots, slots, 1, bins]; 0 where a slot sees another, −∞ elsewhere. */
  readonly mask: Float32Array;
  /** The same for layers that see a window only; null where the model has none, or none that a bin could exceed. */
  readonly localMask: Float32Array | null;
  /** Columns whose logits are wanted; padded with column 0. */
  readonly rows: Int32Array;
  /** First row of logits of each tree. */
  readonly firstRows: Int32Array;
}

/** Fills the inputs for trees placed without overlap. Free slots see only themselves, so that no softmax is empty. */
export function treeInputs(trees: readonly PlacedTree[], shape: TreeShape, window?: SlidingWindow): TreeInputs {
  const { bins, slots, rows } = shape;
  const area = slots * slots;
  const tokens = new Int32Array(bins * slots);
  const positions = new Int32Array(bins * slots);
  const mask = new Float32Array(area * bins).fill(-Infinity);
  const wanted = new Int32Array(rows);
  const firstRows = new Int32Array(trees.length);
  for (let column = 0; column < bins * slots; column++) mask[column * slots + (column % slots)] = 0;
  let used = 0;
  for (const [index, { tree, bin, first }] of trees.entries()) {
    const column = bin * slots + first;
    tokens.set(tree.tokens, column);
    positions.set(tree.positions, column);
    showAncestors(mask, bin * area, slots, first, tree.parents);
    firstRows[index] = used;
    for (const slot of tree.outputs) wanted[used++] = column + slot;
  }
  const localMask = exceeds(shape, window) ? localMaskOf(mask, positions, slots, window) : null;
  return { tokens, positions, mask, localMask, rows: wanted, firstRows };
}

/** Whether a sequence in bins of that size can be longer than the window, so that layers which see it only need a mask of their own. */
export function exceeds({ slots }: TreeShape, window: SlidingWindow | undefined): window is SlidingWindow {
  return window !== undefined && slots > window.tokens;
}

/** The mask without what lies a window or more before a slot. */
function localMaskOf(mask: Float32Array, positions: Int32Array, slots: number, { tokens }: SlidingWindow): Float32Array {
  const local = mask.slice();
  for (let column = 0; column < positions.length; column++) {
    const bin = column - (column % slots);
    const seenFrom = (positions[column] as number) - tokens + 1;
    for (let other = 0; other < slots; other++)
      if ((positions[bin + other] as number) < seenFrom) local[column * slots + other] = -Infinity;
  }
  return local;
}

/** A slot sees what its parent sees, and itself. */
function showAncestors(mask: Float32Array, start: number, slots: number, first: number, parents: Int32Array): void {
  for (let slot = 0; slot < parents.length; slot++) {
    const parent = parents[slot] as number;
    if (parent < 0) continue;
    const from = start + (first + parent) * slots + first;
    mask.copyWithin(start + (first + slot) * slots + first, from, from + slot);
  }
}
