import type { OddsRatioLoss } from '../worker/protocol.ts';
import { logSigmoid } from './preference.ts';
import type { SampleLoss, SampleSums } from './sample-loss.ts';

/** Largest mean log-probability, so that the odds stay finite for a policy that is certain. */
const mostCertain = -1e-6;

interface Odds {
  readonly mean: number;
  readonly logOdds: number;
  /** d log odds / d log p of one token. */
  readonly derivative: number;
}

function oddsOf({ tokens, logProb }: Pick<SampleSums, 'tokens' | 'logProb'>): Odds {
  const mean = Math.min(logProb / tokens, mostCertain);
  const rest = -Math.expm1(mean);
  return { mean, logOdds: mean - Math.log(rest), derivative: 1 / (rest * tokens) };
}

/**
 * Odds-ratio preference optimization on one pair: the chosen sample's mean negative log-likelihood plus −λ log σ(log odds(chosen) − log odds(rejected)),
 * odds(y) = P / (1 − P) with P the geometric mean of the tokens' probabilities. No reference policy. Source: Hong et al. 2024 (ORPO, arXiv 2403.07691).
 */
export function oddsRatio(
  chosen: Pick<SampleSums, 'tokens' | 'logProb'>,
  rejected: Pick<SampleSums, 'tokens' | 'logProb'>,
  { strength }: Pick<OddsRatioLoss, 'strength'>,
): { readonly chosen: SampleLoss; readonly rejected: SampleLoss } {
  const [good, bad] = [oddsOf(chosen), oddsOf(rejected)];
  const difference = good.logOdds - bad.logOdds;
  const penalty = -strength * logSigmoid(difference);
  const slope = -strength * Math.exp(logSigmoid(-difference));
  return {
    chosen: { loss: -good.mean + penalty / 2, derivative: -1 / chosen.tokens + slope * good.derivative, clipped: false },
    rejected: { loss: penalty / 2, derivative: -slope * bad.derivative, clipped: false },
  };
}
