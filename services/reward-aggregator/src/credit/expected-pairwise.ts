import { type CreditGroup, definePlugin, exactExp, RedQueenError } from '@redqueen/core';
import { z } from 'zod';

/** The signal's size at probability c of the right label: 4 · 2 · |c − z| · c(1 − c) with z = 1 for the right label. */
function size(right: number): number {
  return 8 * (1 - right) * right * (1 - right);
}

function advantagesOf(group: CreditGroup): readonly number[] | undefined {
  const [first, second, ...more] = group.samples;
  if (!first || !second || more.length > 0) {
    throw new RedQueenError(
      'invalid_argument',
      `expected-pairwise: group ${group.id} must hold the two labels, not ${group.samples.length} samples`,
    );
  }
  if (first.total === second.total) return undefined;
  const probability = 1 / (1 + exactExp(second.logProbability - first.logProbability));
  const firstIsRight = first.total > second.total;
  const advantage = size(firstIsRight ? probability : 1 - probability);
  return firstIsRight ? [advantage, -advantage] : [-advantage, advantage];
}

/**
 * The exact expected policy gradient of the proper pairwise reward "both of two sampled labels are wrong", whose expectation is −(1 − c)²:
 * descending the Brier score without sampling a label. A group is the two labels with the log-probabilities that they were weighed with;
 * the label with the larger total is the right one. The loss is averaged over judgements, not tokens.
 */
export const expectedPairwise = definePlugin({
  kind: 'credit-assigner',
  name: 'expected-pairwise',
  source: 'Gneiting & Raftery 2007 (proper scoring rules), as a policy gradient in closed form',
  about: 'Gives the verifier’s two labels the exact expected gradient of the Brier score.',
  options: z.strictObject({}),
  create: () => ({
    name: 'expected-pairwise',
    scope: 'group',
    assign(groups) {
      const advantages = groups.map(advantagesOf);
      const judged = advantages.filter((one) => one !== undefined).length;
      return { advantages, normaliser: judged };
    },
  }),
});
