/** The k3 estimate of KL(policy ‖ base) (Schulman 2020): exp(d) − d − 1 with d = base log p − log p; never negative. */
export function k3(logProb: number, baseLogProb: number): { readonly value: number; readonly derivative: number } {
  const difference = baseLogProb - logProb;
  const excess = Math.expm1(difference);
  // Next to zero the rounding of the subtraction can leave less than nothing.
  return { value: Math.max(0, excess - difference), derivative: -excess + 0 };
}
