import type { EpisodeFacts, Evidence } from '@redqueen/core';

/**
 * Mean outcome of the attempts that carry reward, in [0, 1]: the share of right ones; where a majority vote decides what is right, the majority's share.
 * Undefined where an outcome is missing, or there is no attempt.
 */
export function solveRateOf(facts: EpisodeFacts, evidence: Evidence): number | undefined {
  let solved = 0;
  for (const attempt of facts.attempts) {
    const value = evidence.value('outcome', attempt);
    if (value === undefined) return undefined;
    solved += value;
  }
  return facts.attempts.length > 0 ? solved / facts.attempts.length : undefined;
}
