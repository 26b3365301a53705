/** One trained token: which row of logits predicts it, and what a loss needs to know about it. */
export interface TokenTerm {
  readonly row: number;
  readonly token: number;
  /** log p under the policy that sampled it. */
  readonly oldLogProb: number;
  readonly advantage: number;
  /** log p under the base model; only read where klToBase > 0, and by the preference loss. */
  readonly baseLogProb: number;
  /** Its sample's place among those of its prompt. */
  readonly sample: number;
  /** Its prompt, numbered over all terms. */
  readonly group: number;
  /** What the token's loss and penalties are multiplied by. */
  readonly weight: number;
  /** Share of its prompt's samples that are right; only read by the negative-aware loss. */
  readonly solveRate: number;
  /** Upper clip of its prompt; undefined for that of the settings. */
  readonly clipHigh: number | undefined;
}

/** Loss of one token and its derivative with respect to log p. */
export interface TokenLoss {
  readonly loss: number;
  readonly derivative: number;
  /** Whether a bound of the loss was reached. */
  readonly clipped: boolean;
}
