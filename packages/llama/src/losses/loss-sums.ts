import type { TokenLoss, TokenTerm } from './token-term.ts';

/** Sums over tokens; divide by `tokens` for means. */
export interface LossSums {
  /** The loss, already divided by the normaliser. */
  loss: number;
  tokens: number;
  /** Tokens at which a bound of the loss was reached. */
  clipped: number;
  /** Σ (old log p − new log p), an estimate of the divergence from the sampling policy. */
  divergence: number;
  entropy: number;
  /** Largest |new log p − old log p|. */
  mismatch: number;
}

/** No tokens yet. */
export function emptySums(): LossSums {
  return { loss: 0, tokens: 0, clipped: 0, divergence: 0, entropy: 0, mismatch: 0 };
}

/** Adds `part` to `total`. */
export function addSums(total: LossSums, part: LossSums): void {
  total.loss += part.loss;
  total.tokens += part.tokens;
  total.clipped += part.clipped;
  total.divergence += part.divergence;
  total.entropy += part.entropy;
  total.mismatch = Math.max(total.mismatch, part.mismatch);
}

/** A token as it counts. */
export interface CountedToken {
  readonly term: TokenTerm;
  /** log p now. */
  readonly logProb: number;
  readonly loss: TokenLoss;
  /** What its loss is multiplied by: weight / normaliser. */
  readonly share: number;
  /** Of the distribution that it was drawn from, in nats. */
  readonly entropy: number;
}

/** Adds one token. */
export function addToken(sums: LossSums, { term, logProb, loss, share, entropy }: CountedToken): void {
  sums.loss += loss.loss * share;
  sums.tokens += 1;
  sums.clipped += loss.clipped ? 1 : 0;
  sums.divergence += term.oldLogProb - logProb;
  sums.entropy += entropy;
  sums.mismatch = Math.max(sums.mismatch, Math.abs(logProb - term.oldLogProb));
}
