/** A sample as a whole: sums over its trained tokens, in nats. */
export interface SampleSums {
  readonly tokens: number;
  readonly logProb: number;
  readonly oldLogProb: number;
  readonly baseLogProb: number;
  /** Of its first trained token; the credit gives all tokens of a sample the same. */
  readonly advantage: number;
  readonly clipHigh: number | undefined;
}

/** Loss that falls to a sample and its derivative with respect to the log-probability of each of its tokens. */
export interface SampleLoss {
  readonly loss: number;
  readonly derivative: number;
  readonly clipped: boolean;
}
