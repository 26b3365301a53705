function bigramsOf(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  const padded = `\u0000${text}\u0000`;
  for (let index = 0; index + 1 < padded.length; index++) {
    const bigram = padded.slice(index, index + 2);
    counts.set(bigram, (counts.get(bigram) ?? 0) + 1);
  }
  return counts;
}

/**
 * How similar two texts are, in [0, 1]: the Dice coefficient of their character bigrams, ends included, 2·|A ∩ B| / (|A| + |B|) over multisets.
 * 1 exactly for equal bigrams. Source: L. R. Dice 1945; on bigrams W. Adamson and J. Boreham 1974.
 */
export function similarityOf(first: string, second: string): number {
  const [a, b] = [bigramsOf(first), bigramsOf(second)];
  let shared = 0;
  for (const [bigram, count] of a) shared += Math.min(count, b.get(bigram) ?? 0);
  return (2 * shared) / (first.length + second.length + 2);
}
