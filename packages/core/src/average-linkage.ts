/** Mean distance between the members of two clusters. */
function linkage(distances: readonly (readonly number[])[], left: readonly number[], right: readonly number[]): number {
  let sum = 0;
  for (const one of left) for (const other of right) sum += distances[one]?.[other] ?? 0;
  return sum / (left.length * right.length);
}

/** The closest two clusters, by index; undefined where no two are closer than the threshold. The first ones where several are equally close. */
function closest(
  distances: readonly (readonly number[])[],
  clusters: readonly number[][],
  threshold: number,
): [number, number] | undefined {
  let best: [number, number] | undefined;
  let least = threshold;
  for (const [left, members] of clusters.entries()) {
    for (let right = left + 1; right < clusters.length; right++) {
      const distance = linkage(distances, members, clusters[right] ?? []);
      if (distance < least) [best, least] = [[left, right], distance];
    }
  }
  return best;
}

/**
 * Agglomerative clustering with average linkage (Sokal & Michener 1958): the closest two clusters are joined as long as they are closer than `threshold`.
 * `distances` is square and symmetric. Returns the clusters as lists of indices, in the order of their first members.
 */
export function averageLinkage(distances: readonly (readonly number[])[], threshold: number): number[][] {
  const clusters = distances.map((_, index) => [index]);
  for (let pair = closest(distances, clusters, threshold); pair; pair = closest(distances, clusters, threshold)) {
    const [left, right] = pair;
    clusters[left]?.push(...(clusters[right] ?? []));
    clusters.splice(right, 1);
  }
  return clusters.map((members) => members.sort((a, b) => a - b)).sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
}
