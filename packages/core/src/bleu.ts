/** Longest n-grams that are compared. */
const longest = 4;
/** What a precision without a match counts instead of 0 matches: Chen & Cherry 2014, smoothing method 1. */
const smoothing = 0.1;

function countsOf(tokens: readonly string[], order: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let start = 0; start + order <= tokens.length; start++) {
    const gram = tokens.slice(start, start + order).join('\u0000');
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}

/** Share of the candidate's n-grams that the reference has too, each as often as there. */
function precision(candidate: readonly string[], reference: readonly string[], order: number): number {
  const known = countsOf(reference, order);
  let matches = 0;
  for (const [gram, count] of countsOf(candidate, order)) matches += Math.min(count, known.get(gram) ?? 0);
  return (matches > 0 ? matches : smoothing) / (candidate.length - order + 1);
}

function oneWay(candidate: readonly string[], reference: readonly string[]): number {
  const orders = Math.min(longest, candidate.length, reference.length);
  if (orders === 0) return candidate.length === reference.length ? 1 : 0;
  let logs = 0;
  for (let order = 1; order <= orders; order++) logs += Math.log(precision(candidate, reference, order));
  const brevity = Math.min(0, 1 - reference.length / candidate.length);
  return Math.exp(brevity + logs / orders);
}

/**
 * BLEU of two token lists (Papineni et al. 2002), in [0, 1]: 1 for equal ones. N-grams up to 4, or as long as the shorter list is; precisions without a match are
 * smoothed; the mean of both directions, so that it does not matter which comes first (our form: R-Zero takes the one that the order of the batch gives).
 */
export function bleu(left: readonly string[], right: readonly string[]): number {
  return (oneWay(left, right) + oneWay(right, left)) / 2;
}
