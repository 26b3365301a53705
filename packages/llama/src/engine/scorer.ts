import { RowSoftmax } from '../losses/softmax.ts';
import { treeInputs } from '../model/tree-batch.ts';
import type { AdapterWeights } from './adapter-weights.ts';
import type { ModelLane } from './model-lane.ts';
import type { TreeChunk } from './tree-chunks.ts';

/** Log-probs of every continuation of the chunk's trees, per tree. `continuations[i]` are those that tree i was made of. */
export async function scoreChunk(
  member: ModelLane,
  weights: AdapterWeights,
  chunk: TreeChunk,
  continuations: readonly (readonly Int32Array[])[],
): Promise<readonly (readonly Float32Array[])[]> {
  const { model } = member;
  const inputs = treeInputs(chunk.trees, chunk.shape, model.heads / model.keyValueHeads);
  const graph = await member.scorer(chunk.shape, weights);
  const logits = await graph.forward(inputs);
  const softmax = new RowSoftmax(model.vocabulary);
  return chunk.trees.map(({ tree }, index) => {
    const first = inputs.firstRows[index] as number;
    // Continuations share rows; each row is summed up once.
    const logTotals = Float64Array.from({ length: tree.outputs.length }, (_, output) => {
      softmax.read(logits, (first + output) * model.vocabulary);
      return softmax.logTotal;
    });
    return tree.predictors.map((predictors, which) => {
      const tokens = continuations[index]?.[which] as Int32Array;
      return Float32Array.from(predictors, (output, position) => {
        const offset = (first + output) * model.vocabulary;
        return (logits[offset + (tokens[position] as number)] as number) - (logTotals[output] as number);
      });
    });
  });
}
