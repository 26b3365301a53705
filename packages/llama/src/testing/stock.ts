// What stock llama.cpp says, for comparisons.
import type { Engine } from '../engine/engine.ts';
import { StockContext } from '../ffi/stock-context.ts';
import { RowSoftmax } from '../losses/softmax.ts';

/** log p of each token after the first under the base model, or it with an adapter file, by stock llama.cpp, `together` tokens at once. */
export async function stockLogProbs(
  engine: Engine,
  tokens: Int32Array,
  { together = tokens.length, adapter = null }: { readonly together?: number; readonly adapter?: string | null } = {},
): Promise<Float32Array> {
  const { vocabulary } = engine.model;
  const context = new StockContext(engine.native, vocabulary, tokens.length, together);
  const logits = await context.withAdapter(adapter, () => context.logits(tokens));
  context.close();
  const softmax = new RowSoftmax(vocabulary);
  return Float32Array.from(tokens.subarray(1), (token, position) => {
    softmax.read(logits, position * vocabulary);
    return (logits[position * vocabulary + token] as number) - softmax.logTotal;
  });
}

function differences(a: ArrayLike<number>, b: ArrayLike<number>): readonly number[] {
  if (a.length !== b.length) throw new Error(`${a.length} numbers beside ${b.length}`);
  return Array.from(a, (value, index) => Math.abs(value - (b[index] as number)));
}

/** Largest |a − b|. Throws where the lengths differ. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.max(...differences(a, b));
}

/** Mean |a − b|. Throws where the lengths differ. */
export function meanDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return differences(a, b).reduce((sum, value) => sum + value, 0) / a.length;
}
