import type { PrefixTree } from './prefix-tree.ts';

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
  /** [slots, slots · repeat, 1, bins]; 0 where a slot sees another, −∞ elsewhere. */
  readonly mask: Float32Array;
  /** Columns whose logits are wanted; padded with column 0. */
  readonly rows: Int32Array;
  /** First row of logits of each tree. */
  readonly firstRows: Int32Array;
}

/** Fills the inputs for trees placed without overlap. `repeat`: query heads a key head. Free slots see only themselves, so that no softmax is empty. */
export function treeInputs(trees: readonly PlacedTree[], shape: TreeShape, repeat: number): TreeInputs {
  const { bins, slots, rows } = shape;
  const area = slots * slots;
  const tokens = new Int32Array(bins * slots);
  const positions = new Int32Array(bins * slots);
  const mask = new Float32Array(area * repeat * bins).fill(-Infinity);
  const wanted = new Int32Array(rows);
  const firstRows = new Int32Array(trees.length);
  for (let column = 0; column < bins * slots; column++)
    mask[Math.floor(column / slots) * area * repeat + (column % slots) * (slots + 1)] = 0;
  let used = 0;
  for (const [index, { tree, bin, first }] of trees.entries()) {
    const column = bin * slots + first;
    tokens.set(tree.tokens, column);
    positions.set(tree.positions, column);
    showAncestors(mask, bin * area * repeat, slots, first, tree.parents);
    firstRows[index] = used;
    for (const slot of tree.outputs) wanted[used++] = column + slot;
  }
  for (let start = 0; start < mask.length; start += area * repeat) {
    for (let copy = 1; copy < repeat; copy++) mask.copyWithin(start + copy * area, start, start + area);
  }
  return { tokens, positions, mask, rows: wanted, firstRows };
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
