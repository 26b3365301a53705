import { RowSoftmax } from '../losses/softmax.ts';

/**
 * How far two policies are apart: the larger of mean KL(p ‖ q) and mean KL(q ‖ p) over rows of logits, in nats a token
 * (S. Kullback and R. A. Leibler, On information and sufficiency, 1951). Infinity where any is no number.
 */
export function largerKl(p: Float32Array, q: Float32Array, vocabulary: number): number {
  const [first, second] = [new RowSoftmax(vocabulary), new RowSoftmax(vocabulary)];
  let [forward, backward] = [0, 0];
  for (let offset = 0; offset < p.length; offset += vocabulary) {
    first.read(p, offset);
    second.read(q, offset);
    for (let token = 0; token < vocabulary; token++) {
      const ratio = (p[offset + token] as number) - first.logTotal - (q[offset + token] as number) + second.logTotal;
      forward += ((first.weights[token] as number) / first.total) * ratio;
      backward -= ((second.weights[token] as number) / second.total) * ratio;
    }
  }
  const kl = Math.max(forward, backward) / (p.length / vocabulary);
  return Number.isFinite(kl) ? kl : Infinity;
}
