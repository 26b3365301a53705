import type { NegativeAwareLoss } from '../worker/protocol.ts';
import type { TokenLoss, TokenTerm } from './token-term.ts';

/** Largest log-ratio, so that a token which the policy now loves cannot overflow (the authors' code has the same bound). */
const maxLogRatio = 10;

/**
 * Negative-aware fine-tuning (NFT; H. Chen et al. 2025, arXiv 2505.18116, and the authors' code), with R = exp(log p − old log p) and solve rate r in (0, 1):
 * right samples −ω log R; wrong ones −ω log max_v((1 − r R) / (1 − r), ε), the likelihood ratio of the policy that wrong answers are drawn from.
 * max_v passes the gradient straight through: the value is bounded below by ε, the derivative is that of the unbounded ratio over the bounded one.
 * The advantage carries both: its sign says right or wrong, its size is the weight ω. A token of advantage 0 has no loss.
 */
export function negativeAware(
  logProb: number,
  term: Pick<TokenTerm, 'oldLogProb' | 'advantage' | 'solveRate'>,
  { epsilon }: Pick<NegativeAwareLoss, 'epsilon'>,
): TokenLoss {
  const { oldLogProb, advantage, solveRate } = term;
  const logRatio = Math.min(logProb - oldLogProb, maxLogRatio);
  if (advantage >= 0) return { loss: -advantage * logRatio, derivative: -advantage, clipped: false };
  const weighed = solveRate * Math.exp(logRatio);
  const implicit = (1 - weighed) / (1 - solveRate);
  const bounded = Math.max(implicit, epsilon);
  return {
    loss: advantage * Math.log(bounded),
    derivative: (-advantage * weighed) / (1 - solveRate) / bounded,
    clipped: implicit < epsilon,
  };
}
