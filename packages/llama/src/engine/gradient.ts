import { addSums, emptySums, type LossSums } from '../losses/loss-sums.ts';
import { logProbsOf, policyGradient, type PolicyLoss, type RowBlock, wholeSampleLosses } from '../losses/policy-gradient.ts';
import { isSequenceLoss } from '../losses/sequence-loss.ts';
import type { TokenTerm } from '../losses/token-term.ts';
import { treeInputs } from '../model/tree-batch.ts';
import type { EvolutionSettings, LossSettings, TrainGroup, UpdateSettings } from '../worker/protocol.ts';
import { type AdapterWeights, baseWeights } from './adapter-weights.ts';
import { eachHeadBlock } from './head-pass.ts';
import type { ModelLane } from './model-lane.ts';
import { scoreChunk } from './scorer.ts';
import type { TreeChunk } from './tree-chunks.ts';

/** A training request without its agent. */
export interface UpdateRequest {
  readonly groups: readonly TrainGroup[];
  readonly normaliser: number;
  readonly loss: LossSettings;
  readonly update: UpdateSettings;
  /** Estimates the gradient instead of computing it. */
  readonly evolution?: EvolutionSettings;
}

/** Gradient of the loss over some groups with respect to the adapter's weights, and the loss figures. */
export interface AdapterGradient {
  readonly gradient: Float32Array;
  readonly sums: LossSums;
}

/** A chunk of a batch with the groups that its trees were made of. */
export interface TrainChunk extends TreeChunk {
  readonly groups: readonly TrainGroup[];
}

/** The groups that can move the weights: without KL and entropy terms, a group whose advantages are all zero cannot. */
export function effectiveGroups(groups: readonly TrainGroup[], loss: LossSettings): readonly TrainGroup[] {
  const spoken = groups.filter((group) => group.samples.some((sample) => sample.tokens.length > 0));
  if (loss.klToBase > 0 || loss.entropyBonus !== 0) return spoken;
  return spoken.filter((group) => group.samples.some((sample) => sample.advantages.some((advantage) => advantage !== 0)));
}

/** Whether the loss compares with the base model. */
export function needsBase({ kind, klToBase }: LossSettings): boolean {
  return klToBase > 0 || kind === 'preference';
}

/** Forward, loss and backward over one chunk on a lane. The gradient is that of the folded weights. */
export async function chunkGradient(
  member: ModelLane,
  weights: AdapterWeights,
  chunk: TrainChunk,
  loss: PolicyLoss,
): Promise<AdapterGradient> {
  const { model } = member;
  const base = needsBase(loss.settings) ? await scoreChunk(member, baseWeights, chunk, chunk.groups.map(answersOf)) : null;
  const inputs = await treeInputs(chunk.trees, chunk.shape, model.slidingWindow);
  const graph = await member.trainer(chunk.shape, weights);
  const hidden = await graph.forward(inputs);
  const terms = chunk.trees.flatMap(({ tree }, index) => {
    const first = inputs.firstRows[index] as number;
    const rowOf = (which: number, position: number): number => first + (tree.predictors[which]?.[position] as number);
    return groupTerms({ group: chunk.groups[index] as TrainGroup, number: index, base: base?.[index] }, rowOf);
  });
  terms.sort((a, b) => a.row - b.row);
  const { gradient, sums } = await headGradient(member, hidden, terms, loss);
  await graph.backward(gradient);
  return { gradient: member.gradients(weights.rank), sums };
}

/** The loss of the terms (sorted by row), and its gradient with respect to the hidden states [rows × width]. */
async function headGradient(
  member: ModelLane,
  hidden: Float32Array,
  terms: readonly TokenTerm[],
  loss: PolicyLoss,
): Promise<AdapterGradient> {
  const { vocabulary } = member.model;
  const pass = { hidden, rows: (terms.at(-1)?.row ?? -1) + 1, trained: true };
  const gradient = new Float32Array(hidden.length);
  const sums = emptySums();
  const within = (first: number, end: number): readonly TokenTerm[] => terms.filter(({ row }) => row >= first && row < end);
  let whole: RowBlock['whole'];
  if (isSequenceLoss(loss.settings)) {
    // Such losses need all log-probs before they can tell any gradient.
    const logProbs: number[] = [];
    await eachHeadBlock(member, pass, async ({ first, end, logits }) => {
      logProbs.push(...logProbsOf(logits, vocabulary, within(first, end), first));
    });
    whole = wholeSampleLosses(loss.settings, terms, () => Float64Array.from(logProbs));
  }
  await eachHeadBlock(member, pass, async ({ first, end, logits, backward }) => {
    const block = { firstRow: first, gradient: member.lane.numbers('gradient', logits.length), whole };
    const part = policyGradient(logits, vocabulary, within(first, end), loss, block);
    addSums(sums, part.sums);
    await backward(part.gradient, gradient);
  });
  return { gradient, sums };
}

/** The tokens of a group's samples. */
export function answersOf(group: TrainGroup): readonly Int32Array[] {
  return group.samples.map((sample) => sample.tokens);
}

/** A group among those of a computation. */
export interface NumberedGroup {
  readonly group: TrainGroup;
  readonly number: number;
  /** Log-probs of every sample's tokens under the base model, where the loss needs them. */
  readonly base: readonly Float32Array[] | undefined;
}

/** The terms of a group's tokens that were sampled; given ones are no terms. `rowOf` says which row of logits predicts a sample's token. */
export function groupTerms(
  { group, number, base }: NumberedGroup,
  rowOf: (sample: number, position: number) => number,
): readonly TokenTerm[] {
  const terms: TokenTerm[] = [];
  const { solveRate = Number.NaN, clipHigh } = group;
  for (const [which, sample] of group.samples.entries()) {
    const { weight = 1, given } = sample;
    for (let position = 0; position < sample.tokens.length; position++) {
      if (given?.[position] === 1) continue;
      terms.push({
        row: rowOf(which, position),
        token: sample.tokens[position] as number,
        oldLogProb: sample.oldLogProbs[position] as number,
        advantage: sample.advantages[position] as number,
        baseLogProb: base?.[which]?.[position] ?? 0,
        sample: which,
        group: number,
        weight,
        solveRate,
        clipHigh,
      });
    }
  }
  return terms;
}
