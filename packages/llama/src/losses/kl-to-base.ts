import type { Penalties } from '../worker/protocol.ts';

/** An estimate of KL(policy ‖ base) from one token, and what its penalty adds to the derivative with respect to log p. */
interface Divergence {
  readonly value: number;
  readonly derivative: number;
}

/** Schulman's three estimators (2020, "Approximating KL divergence"), of d = log p − base log p. */
const estimators: Readonly<Record<Penalties['klEstimator'], (difference: number) => Divergence>> = {
  /**
   * d. Differentiating it gives a gradient that vanishes in the mean (Tang & Munos 2025, arXiv 2506.09477), so it is penalised as a reward is:
   * the derivative is that of −(−d) log p with d as a constant.
   */
  k1: (difference) => ({ value: difference, derivative: difference }),
  /** d²/2: small variance, and on the policy's own samples the right gradient. */
  k2: (difference) => ({ value: (difference * difference) / 2, derivative: difference }),
  /** exp(−d) − 1 + d: never negative, without bias as a value; its gradient is that of the forward KL. */
  k3: (difference) => {
    const excess = Math.expm1(-difference);
    // Next to zero the rounding of the subtraction can leave less than nothing.
    return { value: Math.max(0, excess + difference), derivative: -excess + 0 };
  },
};

/** The recipe's estimate of KL(policy ‖ base) at one token, in nats. Each token answers for itself alone, not for what it leads to. */
export function klToBase(estimator: Penalties['klEstimator'], logProb: number, baseLogProb: number): Divergence {
  return estimators[estimator](logProb - baseLogProb);
}
