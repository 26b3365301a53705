// The shared-prompt layout: a prompt once, then one slot for every distinct prefix of its continuations. Eight samples of a short answer share
// their prompt and often their first tokens; computing each distinct prefix once gives the same logits and gradients for a fraction of the work.

/** A prompt and its continuations as a tree of slots. */
export interface PrefixTree {
  /** Token of each slot: the prompt's, then one a distinct prefix. */
  readonly tokens: Int32Array;
  /** Position of each slot in its sequence. */
  readonly positions: Int32Array;
  /** The slot before each slot; −1 for the first. */
  readonly parents: Int32Array;
  /** The slots whose logits are needed, ascending. */
  readonly outputs: Int32Array;
  /** For each continuation and each of its tokens: index into `outputs` of the slot that predicts it. */
  readonly predictors: readonly Int32Array[];
}

/** Lays out a prompt (at least one token) and its continuations. A continuation's last token is predicted but has no slot. */
export function prefixTree(prompt: Int32Array, continuations: readonly Int32Array[]): PrefixTree {
  const tokens: number[] = [...prompt];
  const positions: number[] = tokens.map((_, index) => index);
  const parents: number[] = tokens.map((_, index) => index - 1);
  const children = new Map<number, Map<number, number>>();
  const outputOf = new Map<number, number>();
  const output = (slot: number): number => {
    const index = outputOf.get(slot) ?? outputOf.size;
    outputOf.set(slot, index);
    return index;
  };
  const child = (parent: number, token: number): number => {
    let byToken = children.get(parent);
    if (byToken === undefined) children.set(parent, (byToken = new Map()));
    let slot = byToken.get(token);
    if (slot === undefined) {
      slot = tokens.push(token) - 1;
      positions.push((positions[parent] as number) + 1);
      parents.push(parent);
      byToken.set(token, slot);
    }
    return slot;
  };
  const predictors = continuations.map((continuation) => {
    let slot = prompt.length - 1;
    return continuation.map((token, index) => {
      const predictor = output(slot);
      if (index + 1 < continuation.length) slot = child(slot, token);
      return predictor;
    });
  });
  return { tokens: Int32Array.from(tokens), positions: Int32Array.from(positions), parents: Int32Array.from(parents), outputs: Int32Array.from(outputOf.keys()), predictors };
}

/** Size of a batch of trees: `groups` trees of at most `slots` slots, at most `rows` logits rows together. Graphs are cached by it. */
export interface TreeShape {
  readonly groups: number;
  readonly slots: number;
  readonly rows: number;
}

/** The inputs of a forward pass over several trees. */
export interface TreeInputs {
  readonly tokens: Int32Array;
  readonly positions: Int32Array;
  /** [slots, slots · repeat, 1, groups]; 0 where a slot sees another, −∞ elsewhere. */
  readonly mask: Float32Array;
  /** Columns whose logits are wanted; padded with column 0. */
  readonly rows: Int32Array;
  /** First logits row of each tree. */
  readonly firstRows: Int32Array;
  readonly usedRows: number;
}

/** The smallest bucket that holds the trees, so that few graphs serve all batches. */
export function shapeOfTrees(trees: readonly PrefixTree[]): TreeShape {
  const slots = Math.max(...trees.map((tree) => tree.tokens.length));
  const rows = trees.reduce((sum, tree) => sum + tree.outputs.length, 0);
  return { groups: 2 ** Math.ceil(Math.log2(Math.max(2, trees.length))), slots: Math.ceil(slots / 8) * 8, rows: Math.max(32, Math.ceil(rows / 32) * 32) };
}

/** Fills the inputs for trees that fit the shape. `repeat`: query heads a key head. Padding slots see only themselves, so no softmax is empty. */
export function treeInputs(trees: readonly PrefixTree[], shape: TreeShape, repeat: number): TreeInputs {
  const { groups, slots, rows } = shape;
  const tokens = new Int32Array(groups * slots);
  const positions = new Int32Array(groups * slots);
  const mask = new Float32Array(slots * slots * repeat * groups).fill(-Infinity);
  const wanted = new Int32Array(rows);
  const firstRows = new Int32Array(trees.length);
  let used = 0;
  for (let group = 0; group < groups; group++) {
    const tree = trees[group];
    const start = group * slots * slots * repeat;
    fillMask(mask, start, slots, tree?.parents ?? new Int32Array(0));
    for (let copy = 1; copy < repeat; copy++) mask.copyWithin(start + copy * slots * slots, start, start + slots * slots);
    if (tree === undefined) continue;
    tokens.set(tree.tokens, group * slots);
    positions.set(tree.positions, group * slots);
    firstRows[group] = used;
    for (const slot of tree.outputs) wanted[used++] = group * slots + slot;
  }
  return { tokens, positions, mask, rows: wanted, firstRows, usedRows: used };
}

function fillMask(mask: Float32Array, start: number, slots: number, parents: Int32Array): void {
  for (let slot = 0; slot < slots; slot++) {
    const row = start + slot * slots;
    const parent = parents[slot] ?? -1;
    // A slot sees what its parent sees, and itself.
    if (parent >= 0) mask.copyWithin(row, start + parent * slots, start + parent * slots + slot);
    mask[row + slot] = 0;
  }
}
