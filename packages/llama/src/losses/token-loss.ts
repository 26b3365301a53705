import type { LossSettings } from '../worker/protocol.ts';
import { clippedSurrogate } from './clipped-surrogate.ts';
import { clone } from './clone.ts';
import { negativeAware } from './negative-aware.ts';
import type { TokenLoss, TokenTerm } from './token-term.ts';

/** The loss that the settings name, of a token whose log p is now `logProb`. */
export function tokenLoss(settings: LossSettings, logProb: number, term: TokenTerm): TokenLoss {
  switch (settings.kind) {
    case 'clipped':
      return clippedSurrogate(logProb, term, settings);
    case 'negative-aware':
      return negativeAware(logProb, term, settings);
    case 'clone':
      return clone(logProb, term);
  }
}
