import type { TokenLoss, TokenTerm } from './token-term.ts';

/** Weighted cloning, −w log p with the advantage as the weight w: maximum likelihood on chosen samples (rejection-sampling fine-tuning, RFT). */
export function clone(logProb: number, { advantage }: Pick<TokenTerm, 'advantage'>): TokenLoss {
  return { loss: -advantage * logProb, derivative: -advantage, clipped: false };
}
