import { emptySums, policyGradient, type PolicyGradientSums, type TokenTerm } from '../losses/policy-gradient.ts';
import { RowSoftmax } from '../losses/softmax.ts';
import { type PrefixTree, treeInputs } from '../model/prefix-tree.ts';
import type { LossSettings, TrainGroup } from '../worker/protocol.ts';
import { type AdapterWeights, baseWeights } from './adapter-weights.ts';
import type { ModelLane } from './model-lane.ts';
import { scoreChunk } from './scorer.ts';
import type { TreeChunk } from './tree-chunks.ts';

/** Gradient of the loss over one chunk, with respect to the folded adapter weights, and the loss figures. */
export interface ChunkGradient {
  readonly gradient: Float32Array;
  readonly sums: PolicyGradientSums;
}

/** The groups that can move the weights: without KL and entropy terms, a group whose advantages are all zero cannot. */
export function effectiveGroups(groups: readonly TrainGroup[], loss: LossSettings): readonly TrainGroup[] {
  const spoken = groups.filter((group) => group.samples.some((sample) => sample.tokens.length > 0));
  if (loss.klToBase > 0 || loss.entropyBonus !== 0) return spoken;
  return spoken.filter((group) => group.samples.some((sample) => sample.advantages.some((advantage) => advantage !== 0)));
}

/** Forward, loss and backward over one chunk of groups on a lane. `groups[i]` is what tree i of the chunk was made of. */
export async function chunkGradient(
  member: ModelLane, weights: AdapterWeights, chunk: TreeChunk, groups: readonly TrainGroup[], loss: LossSettings, normaliser: number,
): Promise<ChunkGradient> {
  const { model } = member;
  const base = loss.klToBase > 0 ? await scoreChunk(member, baseWeights, chunk, groups.map((group) => group.samples.map((sample) => sample.tokens))) : null;
  const inputs = treeInputs(chunk.trees, chunk.shape, model.heads / model.keyValueHeads);
  const graph = member.trainer(chunk.shape, weights);
  const logits = await graph.forward(inputs);
  const terms = chunk.trees.flatMap((tree, index) => termsOf(tree, groups[index] as TrainGroup, inputs.firstRows[index] as number, base?.[index] ?? null));
  terms.sort((a, b) => a.row - b.row);
  const gradient = new Float32Array(chunk.shape.rows * model.vocabulary);
  const sums = emptySums();
  policyGradient(logits, new RowSoftmax(model.vocabulary), terms, loss, normaliser, gradient, sums);
  await graph.backward(gradient);
  return { gradient: member.gradients(weights.rank), sums };
}

function termsOf(tree: PrefixTree, group: TrainGroup, firstRow: number, base: readonly Float32Array[] | null): readonly TokenTerm[] {
  const terms: TokenTerm[] = [];
  for (const [which, sample] of group.samples.entries()) {
    const predictors = tree.predictors[which] as Int32Array;
    for (let position = 0; position < sample.tokens.length; position++) {
      terms.push({
        row: firstRow + (predictors[position] as number),
        token: sample.tokens[position] as number,
        oldLogProb: sample.oldLogProbs[position] as number,
        advantage: sample.advantages[position] as number,
        baseLogProb: base?.[which]?.[position] ?? 0,
      });
    }
  }
  return terms;
}
