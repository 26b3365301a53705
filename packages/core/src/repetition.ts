import { z } from 'zod';
import { averageLinkage } from './average-linkage.ts';
import { bleu } from './bleu.ts';

/** Options of the reward term `repetition`: the proposer, who remembers, reads them as the aggregator does. */
export const repetitionOptions = z.strictObject({
  /** copies: the same task again. clusters: tasks that are alike, as R-Zero and Agent0 count them. */
  by: z.enum(['copies', 'clusters']).default('copies'),
  /** Clusters: tasks whose 1 − BLEU is on average below this are alike. */
  threshold: z.number().min(0).max(1).default(0.5),
  /** Clusters: how many proposals are compared, those of the slot and the newest before it. The papers compare a whole batch of 64. */
  window: z.int().min(2).max(64).default(16),
});

/**
 * For each text the share of all texts that are in its cluster, in (0, 1]: average linkage on 1 − BLEU over characters (R-Zero 2508.05004, Agent0 2511.16043).
 * Σ over clusters is 1. Takes a time that grows with the cube of the number of texts: meant for up to a hundred.
 */
export function clusterShares(texts: readonly string[], threshold: number): number[] {
  const tokens = texts.map((text) => [...text]);
  const distances = texts.map(() => texts.map(() => 0));
  for (const [left, one] of tokens.entries()) {
    for (let right = left + 1; right < tokens.length; right++) {
      const distance = 1 - bleu(one, tokens[right] ?? []);
      (distances[left] as number[])[right] = distance;
      (distances[right] as number[])[left] = distance;
    }
  }
  const shares = texts.map(() => 0);
  for (const members of averageLinkage(distances, threshold)) for (const member of members) shares[member] = members.length / texts.length;
  return shares;
}
