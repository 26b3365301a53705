import type { LossSettings } from '../worker/protocol.ts';
import { klToBase } from './kl-to-base.ts';
import { isSequenceLoss } from './sequence-loss.ts';
import { tokenLoss } from './token-loss.ts';
import type { TokenLoss, TokenTerm } from './token-term.ts';

const none = { value: 0, derivative: 0 };

/** A token's loss with its KL penalty, unweighted. `whole` is what falls to it where the loss looks at whole samples. */
export function termLoss(settings: LossSettings, logProb: number, term: TokenTerm, whole: TokenLoss | undefined): TokenLoss {
  const main = isSequenceLoss(settings) ? (whole as TokenLoss) : tokenLoss(settings, logProb, term);
  const penalty = settings.klToBase > 0 ? klToBase(settings.klEstimator, logProb, term.baseLogProb) : none;
  return {
    loss: main.loss + settings.klToBase * penalty.value,
    derivative: main.derivative + settings.klToBase * penalty.derivative,
    clipped: main.clipped,
  };
}
