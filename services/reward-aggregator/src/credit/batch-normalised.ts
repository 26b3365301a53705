import { definePlugin, deviation, mean, type Credit, type CreditGroup } from '@redqueen/core';
import { z } from 'zod';
import { tokensOf } from './groups.ts';

const options = z.strictObject({
  /** Keeps the quotient finite; of the rewards' own unit. */
  epsilon: z.number().min(0).default(1e-4),
});

function assign(groups: readonly CreditGroup[], epsilon: number): Credit {
  const totals = groups.flatMap((group) => group.samples.map(({ total }) => total));
  const [first] = totals;
  const differ = totals.some((total) => total !== first);
  if (!differ) return { advantages: groups.map(() => undefined), normaliser: 0 };
  const centre = mean(totals);
  const scale = deviation(totals) + epsilon;
  return {
    advantages: groups.map(({ samples }) => (samples.length > 0 ? samples.map(({ total }) => (total - centre) / scale) : undefined)),
    normaliser: groups.reduce((tokens, group) => tokens + tokensOf(group), 0),
  };
}

/**
 * REINFORCE++: A = (r − mean) / (std + ε) over all samples of the batch, with the population standard deviation. Groups may be single samples, since
 * nothing is compared within them. Every sample weighs the same, whatever its length; without a KL penalty in the reward its tokens share A.
 */
export const batchNormalised = definePlugin({
  kind: 'credit-assigner',
  name: 'batch-normalised',
  source: 'Hu et al. 2025 (REINFORCE++, 2501.03262); as in CoMAS (2510.08529) with β = 0',
  about: 'Rewards minus the mean of the whole batch, divided by its deviation.',
  options,
  create: ({ epsilon }) => ({ name: 'batch-normalised', scope: 'batch', assign: (groups) => assign(groups, epsilon) }),
});
