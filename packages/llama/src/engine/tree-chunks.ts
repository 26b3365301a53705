import { type PrefixTree, shapeOfTrees, type TreeShape } from '../model/prefix-tree.ts';

/** Trees that are computed together, with the places of their owners in the request. */
export interface TreeChunk {
  readonly shape: TreeShape;
  readonly trees: readonly PrefixTree[];
  readonly places: readonly number[];
}

/** How much is computed together: enough to fill the matrix kernels, little enough to share the work among lanes and to bound memory. */
export interface ChunkBounds {
  readonly slots: number;
  readonly groups: number;
}

const defaultBounds: ChunkBounds = { slots: 320, groups: 16 };

/** Chunks of trees of like size, largest first. The plan depends on the trees alone, so that results do not depend on the number of lanes. */
export function planTrees(trees: readonly PrefixTree[], bounds: ChunkBounds = defaultBounds): readonly TreeChunk[] {
  const order = trees.map((_, place) => place).sort((a, b) => size(trees, b) - size(trees, a) || a - b);
  const chunks: TreeChunk[] = [];
  for (let start = 0; start < order.length; ) {
    const slots = Math.ceil(size(trees, order[start] as number) / 8) * 8;
    const most = Math.min(bounds.groups, Math.max(2, 2 ** Math.floor(Math.log2(bounds.slots / slots))));
    const places = order.slice(start, start + most);
    const chosen = places.map((place) => trees[place] as PrefixTree);
    chunks.push({ shape: shapeOfTrees(chosen), trees: chosen, places });
    start += most;
  }
  return chunks;
}

function size(trees: readonly PrefixTree[], place: number): number {
  return (trees[place] as PrefixTree).tokens.length;
}
