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
  /** Of each term, where the loss looks at whole samples. */
  readonly whole: readonly TokenLoss[] | undefined;
}

/**
 * The policy-gradient loss of the terms (sorted by row) and its gradient with respect to the logits, laid out like them ([rows × vocabulary]).
 * A token's loss is weight · (token loss + klToBase · KL − entropyBonus · H(row)), divided by the normaliser.
 * `gradient` may be given to be filled.
 */
export function policyGradient(
  logits: Float32Array,
  vocabulary: number,
  terms: readonly TokenTerm[],
  loss: PolicyLoss,
  gradient: Float32Array = new Float32Array(logits.length),
): { readonly gradient: Float32Array; readonly sums: LossSums } {
  const softmax = new RowSoftmax(vocabulary);
  const whole = isSequenceLoss(loss.settings) ? sequenceLosses(loss.settings, terms, logProbsOf(logits, softmax, terms)) : undefined;
  const work: Work = { logits, gradient: gradient.fill(0), softmax, loss, sums: emptySums(), whole };
  for (let start = 0; start < terms.length; ) {
    const row = (terms[start] as TokenTerm).row;
    let end = start + 1;
    while (end < terms.length && (terms[end] as TokenTerm).row === row) end++;
    addRow(work, row * vocabulary, terms, start, end);
    start = end;
  }
  return work;
}

/** log p of each term under the logits. */
function logProbsOf(logits: Float32Array, softmax: RowSoftmax, terms: readonly TokenTerm[]): Float64Array {
  let read = -1;
  return Float64Array.from(terms, ({ row, token }) => {
    const offset = row * softmax.weights.length;
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
    const main = termLoss(settings, logProb, term, work.whole?.[index]);
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
