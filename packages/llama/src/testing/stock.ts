// What stock llama.cpp says, for comparisons.
import type { Engine } from '../engine/engine.ts';
import { StockContext } from '../ffi/stock-context.ts';
import { RowSoftmax } from '../losses/softmax.ts';

/** log p of each token after the first under the base model, by stock llama.cpp in one batch. */
export async function stockLogProbs(engine: Engine, tokens: Int32Array): Promise<Float32Array> {
  const { vocabulary } = engine.model;
  const context = new StockContext(engine.native, vocabulary, tokens.length);
  const logits = await context.logits(tokens);
  context.close();
  const softmax = new RowSoftmax(vocabulary);
  return Float32Array.from(tokens.subarray(1), (token, position) => {
    softmax.read(logits, position * vocabulary);
    return (logits[position * vocabulary + token] as number) - softmax.logTotal;
  });
}

/** Largest |a − b|. Throws where the lengths differ. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`${a.length} numbers beside ${b.length}`);
  return Array.from(a).reduce((largest, value, index) => Math.max(largest, Math.abs(value - (b[index] as number))), 0);
}
