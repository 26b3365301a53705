import type { PrefixTree } from '../model/prefix-tree.ts';
import type { PlacedTree, TreeShape } from '../model/tree-batch.ts';

/** Trees that are computed together, with the places of their owners in the request. */
export interface TreeChunk {
  readonly shape: TreeShape;
  readonly trees: readonly PlacedTree[];
  readonly places: readonly number[];
}

/** Slots of a bin, at least. A multiple of 16: ggml's matrix kernels take a slow path for other lengths of the attention's sums. */
const leastSlots = 64;
const slotStep = 16;
const rowStep = 64;
/** Slots computed together: enough to fill the matrix kernels, few enough to share the work among lanes and to bound memory. */
const slotsTogether = 192;

function alignUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

/** Which trees share a bin: first fit, the largest first (Johnson 1973). */
function packBins(trees: readonly PrefixTree[], slots: number): readonly (readonly number[])[] {
  const size = (place: number): number => (trees[place] as PrefixTree).tokens.length;
  const order = trees.map((_, place) => place).sort((a, b) => size(b) - size(a) || a - b);
  const bins: { free: number; readonly places: number[] }[] = [];
  for (const place of order) {
    let bin = bins.find((candidate) => candidate.free >= size(place));
    if (bin === undefined) bins.push((bin = { free: slots, places: [] }));
    bin.free -= size(place);
    bin.places.push(place);
  }
  return bins.map((bin) => bin.places);
}

/** Chunks of bins of trees. The plan depends on the trees alone, so that results do not depend on the number of lanes. */
export function planTrees(trees: readonly PrefixTree[], together = slotsTogether): readonly TreeChunk[] {
  const largest = trees.reduce((most, tree) => Math.max(most, tree.tokens.length), 0);
  const slots = Math.max(leastSlots, alignUp(largest, slotStep));
  const most = Math.max(1, Math.floor(together / slots));
  const packed = packBins(trees, slots);
  return Array.from({ length: Math.ceil(packed.length / most) }, (_, index) =>
    chunkOf(trees, packed.slice(index * most, (index + 1) * most), slots),
  );
}

function chunkOf(trees: readonly PrefixTree[], bins: readonly (readonly number[])[], slots: number): TreeChunk {
  const placed: PlacedTree[] = [];
  for (const [bin, places] of bins.entries()) {
    let first = 0;
    for (const place of places) {
      const tree = trees[place] as PrefixTree;
      placed.push({ tree, bin, first });
      first += tree.tokens.length;
    }
  }
  const rows = placed.reduce((sum, { tree }) => sum + tree.outputs.length, 0);
  return { shape: { bins: bins.length, slots, rows: Math.max(rowStep, alignUp(rows, rowStep)) }, trees: placed, places: bins.flat() };
}
