import type { TokenLossSettings } from '../worker/protocol.ts';
import { clippedSurrogate } from './clipped-surrogate.ts';
import { likelihood } from './likelihood.ts';
import { negativeAware } from './negative-aware.ts';
import type { TokenLoss, TokenTerm } from './token-term.ts';
import { truncatedImportance } from './truncated-importance.ts';

/** The loss that the settings name, of a token whose log p is now `logProb`. */
export function tokenLoss(settings: TokenLossSettings, logProb: number, term: TokenTerm): TokenLoss {
  switch (settings.kind) {
    case 'clipped':
      return clippedSurrogate(logProb, term, settings);
    case 'negative-aware':
      return negativeAware(logProb, term, settings);
    case 'truncated-importance':
      return truncatedImportance(logProb, term, settings);
    case 'likelihood':
      return likelihood(logProb, term);
  }
}
