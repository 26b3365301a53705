import { Breather } from './breather.ts';
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

/**
 * Fills the inputs for trees placed without overlap. Free slots see only themselves, so that no softmax is empty. Large masks are filled in pieces,
 * between which the event loop goes on.
 */
export async function treeInputs(trees: readonly PlacedTree[], shape: TreeShape, window?: SlidingWindow): Promise<TreeInputs> {
  const { bins, slots, rows } = shape;
  const columns = bins * slots;
  const tokens = new Int32Array(columns);
  const positions = new Int32Array(columns);
  const parents = new Int32Array(columns).fill(-1);
  const wanted = new Int32Array(rows);
  const firstRows = new Int32Array(trees.length);
  let used = 0;
  for (const [index, { tree, bin, first }] of trees.entries()) {
    const column = bin * slots + first;
    tokens.set(tree.tokens, column);
    positions.set(tree.positions, column);
    for (const [slot, parent] of tree.parents.entries()) parents[column + slot] = parent < 0 ? -1 : first + parent;
    firstRows[index] = used;
    for (const slot of tree.outputs) wanted[used++] = column + slot;
  }
  const mask = await ancestorMask(parents, slots);
  const localMask = exceeds(shape, window) ? await localMaskOf(mask, positions, slots, window) : null;
  return { tokens, positions, mask, localMask, rows: wanted, firstRows };
}

/** Each slot sees what its parent (a slot before it in its bin; −1 for none) sees, and itself. */
async function ancestorMask(parents: Int32Array, slots: number): Promise<Float32Array> {
  const breather = new Breather();
  const mask = new Float32Array(parents.length * slots);
  for (let column = 0; column < parents.length; column++) {
    const [row, slot, parent] = [column * slots, column % slots, parents[column] as number];
    mask.fill(-Infinity, row, row + slots);
    const before = row + (parent - slot) * slots;
    if (parent >= 0) mask.copyWithin(row, before, before + slot);
    mask[row + slot] = 0;
    if (breather.due(slots)) await breather.pause();
  }
  return mask;
}

/** Whether a sequence in bins of that size can be longer than the window, so that layers which see it only need a mask of their own. */
export function exceeds({ slots }: TreeShape, window: SlidingWindow | undefined): window is SlidingWindow {
  return window !== undefined && slots > window.tokens;
}

/** The mask without what lies a window or more before a slot. */
async function localMaskOf(mask: Float32Array, positions: Int32Array, slots: number, { tokens }: SlidingWindow): Promise<Float32Array> {
  const breather = new Breather();
  const local = new Float32Array(mask.length);
  for (let column = 0; column < positions.length; column++) {
    const bin = column - (column % slots);
    const row = column * slots;
    const seenFrom = (positions[column] as number) - tokens + 1;
    for (let other = 0; other < slots; other++)
      local[row + other] = (positions[bin + other] as number) < seenFrom ? -Infinity : (mask[row + other] as number);
    if (breather.due(slots)) await breather.pause();
  }
  return local;
}
