import type { ClippedLoss } from '../worker/protocol.ts';
import type { TokenLoss, TokenTerm } from './token-term.ts';

/**
 * PPO's clipped surrogate (Schulman et al. 2017, equation 7) with separate bounds below and above ("clip-higher", DAPO, Yu et al. 2025, section 3.1):
 * loss = −min(r A, clip(r, 1 − low, 1 + high) A) with r = exp(log p − old log p). A prompt may have its own upper bound (ADPO).
 * With a dual clip c > 1 the loss of a token with A < 0 is at most −c A (Ye et al. 2020, arXiv 1912.09729, section on dual-clip PPO).
 */
export function clippedSurrogate(
  logProb: number,
  term: Pick<TokenTerm, 'oldLogProb' | 'advantage' | 'clipHigh'>,
  clip: Pick<ClippedLoss, 'clipLow' | 'clipHigh' | 'dualClip'>,
): TokenLoss {
  const { oldLogProb, advantage } = term;
  const ratio = Math.exp(logProb - oldLogProb);
  const most = clip.dualClip ?? Number.POSITIVE_INFINITY;
  if (advantage < 0 && ratio > most) return { loss: -most * advantage, derivative: 0, clipped: true };
  const bounded = Math.min(Math.max(ratio, 1 - clip.clipLow), 1 + (term.clipHigh ?? clip.clipHigh));
  const clipped = bounded * advantage < ratio * advantage;
  return { loss: clipped ? -bounded * advantage : -ratio * advantage, derivative: clipped ? 0 : -ratio * advantage, clipped };
}
