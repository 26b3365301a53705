import type { TokenLoss, TokenTerm } from './token-term.ts';

/**
 * Weighted likelihood, −A log p. With weights that are not negative it is maximum likelihood on chosen samples (rejection-sampling fine-tuning, RFT);
 * with advantages of both signs it is the policy gradient without a ratio (REINFORCE, Williams 1992), right for samples of the present policy.
 */
export function likelihood(logProb: number, { advantage }: Pick<TokenTerm, 'advantage'>): TokenLoss {
  return { loss: -advantage * logProb, derivative: -advantage, clipped: false };
}
