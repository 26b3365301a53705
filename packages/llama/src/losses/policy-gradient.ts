import type { LossSettings } from '../worker/protocol.ts';
import { klToBase } from './kl-to-base.ts';
import { isSequenceLoss, sequenceLosses } from './sequence-loss.ts';
import { RowSoftmax } from './softmax.ts';
import { tokenLoss } from './token-loss.ts';
import type { TokenLoss, TokenTerm } from './token-term.ts';

/** A policy-gradient loss over many tokens. */
export interface PolicyLoss {
  readonly settings: LossSettings;
  /** What the sum over tokens is divided by. */
  readonly normaliser: number;
}

/** Sums over tokens; divide by `tokens` for means. */
export interface PolicyGradientSums {
  /** The loss, already divided by the normaliser. */
  loss: number;
  tokens: number;
  /** Tokens at which a bound of the loss was reached. */
  clipped: number;
  /** Σ (old log p − new log p), an estimate of the divergence from the sampling policy. */
  divergence: number;
  entropy: number;
  /** Largest |new log p − old log p|. */
  mismatch: number;
}

const none = { value: 0, derivative: 0 };

/** No tokens yet. */
export function emptySums(): PolicyGradientSums {
  return { loss: 0, tokens: 0, clipped: 0, divergence: 0, entropy: 0, mismatch: 0 };
}

/** Adds `part` to `total`. */
export function addSums(total: PolicyGradientSums, part: PolicyGradientSums): void {
  total.loss += part.loss;
  total.tokens += part.tokens;
  total.clipped += part.clipped;
  total.divergence += part.divergence;
  total.entropy += part.entropy;
  total.mismatch = Math.max(total.mismatch, part.mismatch);
}

interface Work {
  readonly logits: Float32Array;
  readonly gradient: Float32Array;
  readonly softmax: RowSoftmax;
  readonly loss: PolicyLoss;
  readonly sums: PolicyGradientSums;
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
): { readonly gradient: Float32Array; readonly sums: PolicyGradientSums } {
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
    const main = isSequenceLoss(settings) ? (work.whole?.get(term) as TokenLoss) : tokenLoss(settings, logProb, term);
    const penalty = settings.klToBase > 0 ? klToBase(settings.klEstimator, logProb, term.baseLogProb) : none;
    const share = term.weight / normaliser;
    const derivative = (main.derivative + settings.klToBase * penalty.derivative) * share;
    gradient[place] = (gradient[place] as number) + derivative;
    pull += derivative;
    bonus += settings.entropyBonus * share;
    sums.loss += (main.loss + settings.klToBase * penalty.value - settings.entropyBonus * entropy) * share;
    sums.clipped += main.clipped ? 1 : 0;
    sums.divergence += term.oldLogProb - logProb;
    sums.mismatch = Math.max(sums.mismatch, Math.abs(logProb - term.oldLogProb));
  }
  sums.tokens += end - start;
  sums.entropy += (end - start) * entropy;
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
