import { RowSoftmax } from '../losses/softmax.ts';
import { treeInputs } from '../model/tree-batch.ts';
import type { AdapterWeights } from './adapter-weights.ts';
import { eachHeadBlock } from './head-pass.ts';
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
  const inputs = await treeInputs(chunk.trees, chunk.shape, model.slidingWindow);
  const graph = await member.scorer(chunk.shape, weights);
  const hidden = await graph.forward(inputs);
  const softmax = new RowSoftmax(model.vocabulary);
  const results = chunk.trees.map(({ tree }) => tree.predictors.map(({ length }) => new Float32Array(length)));
  const result = (tree: number, which: number): Float32Array => results[tree]?.[which] as Float32Array;
  const wanted = wantedByRow(chunk, inputs.firstRows, continuations);
  await eachHeadBlock(member, { hidden, rows: wanted.length, trained: false }, async (block) => {
    for (let row = block.first; row < block.end; row++) {
      const offset = (row - block.first) * model.vocabulary;
      softmax.read(block.logits, offset);
      for (const { tree, which, position, token } of wanted[row] ?? [])
        result(tree, which)[position] = (block.logits[offset + token] as number) - softmax.logTotal;
    }
  });
  return results;
}

interface Wanted {
  readonly tree: number;
  readonly which: number;
  readonly position: number;
  readonly token: number;
}

/** For each row of the chunk, the tokens whose log-probs it gives. Continuations share rows; each row is summed up once. */
function wantedByRow(
  { trees }: TreeChunk,
  firstRows: Int32Array,
  continuations: readonly (readonly Int32Array[])[],
): readonly (readonly Wanted[])[] {
  const rows: Wanted[][] = Array.from({ length: trees.reduce((sum, { tree }) => sum + tree.outputs.length, 0) }, () => []);
  for (const [index, { tree }] of trees.entries()) {
    for (const [which, predictors] of tree.predictors.entries()) {
      for (const [position, output] of predictors.entries()) {
        const token = continuations[index]?.[which]?.[position] as number;
        rows[(firstRows[index] as number) + output]?.push({ tree: index, which, position, token });
      }
    }
  }
  return rows;
}
