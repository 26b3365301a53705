import type { LossSettings } from '../worker/protocol.ts';
import { addToken, emptySums, type LossSums } from './loss-sums.ts';
import { isSequenceLoss, sequenceLosses } from './sequence-loss.ts';
import { RowSoftmax } from './softmax.ts';
import { termLoss } from './term-loss.ts';
import type { TokenLoss, TokenTerm } from './token-term.ts';

/** A policy-gradient loss over many tokens. */
export interface PolicyLoss {
  readonly settings: LossSettings;
  /** What the sum over tokens is divided by. */
  readonly normaliser: number;
}

interface Work {
  readonly logits: Float32Array;
  readonly gradient: Float32Array;
  readonly softmax: RowSoftmax;
  readonly loss: PolicyLoss;
  readonly sums: LossSums;
  /** Row that the logits start with. */
  readonly firstRow: number;
  /** Of each term, where the loss looks at whole samples. */
  readonly whole: ReadonlyMap<TokenTerm, TokenLoss> | undefined;
}

/** For the rows of a larger matrix of logits that `policyGradient` is given. */
export interface RowBlock {
  /** Row of the larger matrix that they start with; 0 where left out. */
  readonly firstRow?: number;
  /** To be filled; a new array where left out. */
  readonly gradient?: Float32Array;
  /** `wholeSampleLosses` over all rows of the larger matrix; where left out, the terms given are all that there are. */
  readonly whole?: ReadonlyMap<TokenTerm, TokenLoss> | undefined;
}

/** Losses of whole samples, by term; undefined where each token's loss is its own. `logProbs`: of every term under the trained policy. */
export function wholeSampleLosses(
  settings: LossSettings,
  terms: readonly TokenTerm[],
  logProbs: () => Float64Array,
): ReadonlyMap<TokenTerm, TokenLoss> | undefined {
  if (!isSequenceLoss(settings)) return undefined;
  const losses = sequenceLosses(settings, terms, logProbs());
  return new Map(terms.map((term, index) => [term, losses[index] as TokenLoss]));
}

/**
 * The policy-gradient loss of the terms (sorted by row) and its gradient with respect to the logits, laid out like them ([rows × vocabulary]).
 * A token's loss is weight · (token loss + klToBase · KL − entropyBonus · H(row)), divided by the normaliser.
 */
export function policyGradient(
  logits: Float32Array,
  vocabulary: number,
  terms: readonly TokenTerm[],
  loss: PolicyLoss,
  block: RowBlock = {},
): { readonly gradient: Float32Array; readonly sums: LossSums } {
  const { firstRow = 0, gradient = new Float32Array(logits.length) } = block;
  const whole = block.whole ?? wholeSampleLosses(loss.settings, terms, () => logProbsOf(logits, vocabulary, terms));
  const work: Work = { logits, firstRow, gradient: gradient.fill(0), softmax: new RowSoftmax(vocabulary), loss, sums: emptySums(), whole };
  for (let start = 0; start < terms.length; ) {
    const row = (terms[start] as TokenTerm).row;
    let end = start + 1;
    while (end < terms.length && (terms[end] as TokenTerm).row === row) end++;
    addRow(work, (row - firstRow) * vocabulary, terms, start, end);
    start = end;
  }
  return work;
}

/** log p of each term (sorted by row) under the logits, the first of which are those of row `firstRow`. */
export function logProbsOf(logits: Float32Array, vocabulary: number, terms: readonly TokenTerm[], firstRow = 0): Float64Array {
  const softmax = new RowSoftmax(vocabulary);
  let read = -1;
  return Float64Array.from(terms, ({ row, token }) => {
    const offset = (row - firstRow) * vocabulary;
    if (row !== read) softmax.read(logits, offset);
    read = row;
    return (logits[offset + token] as number) - softmax.logTotal;
  });
}

function addRow(work: Work, offset: number, terms: readonly TokenTerm[], start: number, end: number): void {
  const { logits, gradient, softmax, sums } = work;
  const { settings, normaliser } = work.loss;
  softmax.read(logits, offset);
  const entropy = softmax.entropy(logits, offset);
  let pull = 0;
  let bonus = 0;
  for (let index = start; index < end; index++) {
    const term = terms[index] as TokenTerm;
    const place = offset + term.token;
    const logProb = (logits[place] as number) - softmax.logTotal;
    const main = termLoss(settings, logProb, term, work.whole?.get(term));
    const share = term.weight / normaliser;
    gradient[place] = (gradient[place] as number) + main.derivative * share;
    pull += main.derivative * share;
    bonus += settings.entropyBonus * share;
    addToken(sums, { term, logProb, loss: { ...main, loss: main.loss - settings.entropyBonus * entropy }, share, entropy });
  }
  spread(work, offset, pull, bonus, entropy);
}

/** d log p(x) / d logit(j) = [x = j] − p(j), so each row gets −(sum of derivatives) · p; and dH / d logit(j) = −p(j) (log p(j) + H). */
function spread(work: Work, offset: number, pull: number, bonus: number, entropy: number): void {
  if (pull === 0 && bonus === 0) return;
  const { logits, gradient } = work;
  const { weights, total, logTotal } = work.softmax;
  const shift = entropy - logTotal;
  for (let token = 0; token < weights.length; token++) {
    const probability = (weights[token] as number) / total;
    const share = bonus === 0 ? -pull : bonus * ((logits[offset + token] as number) + shift) - pull;
    gradient[offset + token] = (gradient[offset + token] as number) + probability * share;
  }
}
