/** Softmax of one row of logits. Buffers are reused, so a row's results are valid until the next call. */
export class RowSoftmax {
  /** exp(logit − largest), by token. */
  readonly weights: Float64Array;
  /** Sum of `weights`. */
  total = 0;
  /** log Σ exp(logit): log p(token) = logit − logTotal. */
  logTotal = 0;
  /** The likeliest token; the smallest id among equals. */
  best = 0;

  constructor(vocabulary: number) {
    this.weights = new Float64Array(vocabulary);
  }

  /** Reads the row that starts at `offset`. */
  read(logits: Float32Array, offset: number): void {
    const weights = this.weights;
    const size = weights.length;
    let largest = logits[offset] as number;
    let best = 0;
    for (let token = 1; token < size; token++) {
      const logit = logits[offset + token] as number;
      if (logit > largest) {
        largest = logit;
        best = token;
      }
    }
    let total = 0;
    for (let token = 0; token < size; token++) {
      const weight = Math.exp((logits[offset + token] as number) - largest);
      weights[token] = weight;
      total += weight;
    }
    this.total = total;
    this.best = best;
    this.logTotal = largest + Math.log(total);
  }

  /** Entropy of the row in nats: H = log Σ − Σ p · logit. */
  entropy(logits: Float32Array, offset: number): number {
    let mean = 0;
    for (let token = 0; token < this.weights.length; token++) mean += (this.weights[token] as number) * (logits[offset + token] as number);
    return this.logTotal - mean / this.total;
  }
}
