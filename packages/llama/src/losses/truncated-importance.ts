import type { TruncatedImportanceLoss } from '../worker/protocol.ts';
import type { TokenLoss, TokenTerm } from './token-term.ts';

/**
 * The policy gradient with truncated importance weights, −sg(min(r, cap)) A log p with r = exp(log p − old log p) and sg the weight taken as a constant:
 * tokens of older versions keep a gradient, which the clipped surrogate takes from them, and none weighs more than the cap.
 * Source: Ionides 2008 (truncated importance sampling); as a loss of language models IMPALA's ρ̄ (Espeholt et al. 2018, arXiv 1802.01561, section 4.1).
 */
export function truncatedImportance(
  logProb: number,
  { oldLogProb, advantage }: Pick<TokenTerm, 'oldLogProb' | 'advantage'>,
  { cap }: Pick<TruncatedImportanceLoss, 'cap'>,
): TokenLoss {
  const ratio = Math.exp(logProb - oldLogProb);
  const weight = Math.min(ratio, cap);
  return { loss: -weight * advantage * logProb, derivative: -weight * advantage, clipped: ratio > cap };
}
