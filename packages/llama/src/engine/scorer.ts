import { RowSoftmax } from '../losses/softmax.ts';
import { treeInputs } from '../model/prefix-tree.ts';
import type { AdapterWeights } from './adapter-weights.ts';
import type { ModelLane } from './model-lane.ts';
import type { TreeChunk } from './tree-chunks.ts';

/** log p of one continuation's tokens given its prompt and the tokens before. */
export type ContinuationScore = Float32Array;

/** Log-probs of every continuation of the chunk's trees, per tree. `continuations[i]` are those that tree i was made of. */
export async function scoreChunk(
  member: ModelLane, weights: AdapterWeights, chunk: TreeChunk, continuations: readonly (readonly Int32Array[])[],
): Promise<readonly (readonly ContinuationScore[])[]> {
  const { model } = member;
  const inputs = treeInputs(chunk.trees, chunk.shape, model.heads / model.keyValueHeads);
  const logits = await member.scorer(chunk.shape, weights).forward(inputs);
  const totals = logTotals(logits, model.vocabulary, inputs.usedRows);
  return chunk.trees.map((tree, index) =>
    tree.predictors.map((predictors, which) => {
      const tokens = continuations[index]?.[which] ?? new Int32Array(0);
      return Float32Array.from(predictors, (output, position) => {
        const row = (inputs.firstRows[index] as number) + output;
        return (logits[row * model.vocabulary + (tokens[position] as number)] as number) - (totals[row] as number);
      });
    }),
  );
}

/** log Σ exp(logit) of each row. */
function logTotals(logits: Float32Array, vocabulary: number, rows: number): Float64Array {
  const softmax = new RowSoftmax(vocabulary);
  return Float64Array.from({ length: rows }, (_, row) => {
    softmax.read(logits, row * vocabulary);
    return softmax.logTotal;
  });
}
