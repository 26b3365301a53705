import type { SequenceClippedLoss } from '../worker/protocol.ts';
import { clippedSurrogate } from './clipped-surrogate.ts';
import type { SampleLoss, SampleSums } from './sample-loss.ts';

/**
 * Group sequence policy optimization: the clipped surrogate of a sample's own ratio s = exp(mean over its tokens of (log p − old log p)).
 * Its loss is −min(s A, clip(s) A) times its tokens, so that tokens weighed by 1/length add up to the sample's; every token has the derivative −s A.
 * A sample of one token is the token's surrogate. Source: Zheng et al. 2025 (GSPO, arXiv 2507.18071).
 */
export function sequenceSurrogate(
  { tokens, logProb, oldLogProb, advantage, clipHigh }: SampleSums,
  clip: Pick<SequenceClippedLoss, 'clipLow' | 'clipHigh'>,
): SampleLoss {
  const { loss, derivative, clipped } = clippedSurrogate((logProb - oldLogProb) / tokens, { oldLogProb: 0, advantage, clipHigh }, clip);
  return { loss: loss * tokens, derivative, clipped };
}
