import type { PreferenceLoss } from '../worker/protocol.ts';
import type { SampleLoss, SampleSums } from './sample-loss.ts';

/** log σ(x) without overflow. */
export function logSigmoid(x: number): number {
  return Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));
}

/**
 * Direct preference optimization on one pair, with Δ = β [(log π/π_base)(chosen) − (log π/π_base)(rejected)]:
 * −log σ(Δ) (Rafailov et al. 2023, arXiv 2305.18290, equation 7). With smoothing ε > 0 it is EXO's reverse KL of σ(Δ) to the label (1 − ε, ε)
 * (Ji et al. 2024, arXiv 2402.00856), whose gradient is 0 where σ(Δ) = 1 − ε. Half of the loss falls to each sample.
 */
export function preference(
  chosen: Pick<SampleSums, 'logProb' | 'baseLogProb'>,
  rejected: Pick<SampleSums, 'logProb' | 'baseLogProb'>,
  { beta, smoothing }: Pick<PreferenceLoss, 'beta' | 'smoothing'>,
): { readonly chosen: SampleLoss; readonly rejected: SampleLoss } {
  const margin = beta * (chosen.logProb - chosen.baseLogProb - rejected.logProb + rejected.baseLogProb);
  const [right, wrong] = [logSigmoid(margin), logSigmoid(-margin)];
  const [probability, doubt] = [Math.exp(right), Math.exp(wrong)];
  const [towards, away] = [right - Math.log1p(-smoothing), wrong - Math.log(smoothing)];
  const loss = smoothing > 0 ? probability * towards + doubt * away : -right;
  const slope = smoothing > 0 ? probability * doubt * (towards - away) : -doubt;
  const of = (sign: number): SampleLoss => ({ loss: loss / 2, derivative: sign * beta * slope, clipped: false });
  return { chosen: of(1), rejected: of(-1) };
}
