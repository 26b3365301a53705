import { type Credit, type CreditGroup, definePlugin, square } from '@redqueen/core';
import { z } from 'zod';
import { isMixed, residuals, tokensOf } from './groups.ts';

const schema = z.strictObject({
  /** Keeps the quotient finite; of the rewards' own unit. */
  epsilon: z.number().min(0).default(1e-4),
});

function assign(groups: readonly CreditGroup[], epsilon: number): Credit {
  // A group without differences has residuals of exactly zero; those that rounding leaves must not be blown up.
  const centred = groups.map((group) => (isMixed(group) ? residuals(group) : group.samples.map(() => 0)));
  let squares = 0;
  let count = 0;
  for (const residual of centred.flat()) {
    squares += square(residual);
    count += 1;
  }
  if (squares === 0) return { advantages: groups.map(() => undefined), normaliser: 0 };
  const scale = Math.sqrt(squares / count) + epsilon;
  return {
    advantages: centred.map((values, index) =>
      isMixed(groups[index] as CreditGroup) ? values.map((residual) => residual / scale) : undefined,
    ),
    normaliser: groups.reduce((tokens, group) => tokens + tokensOf(group), 0),
  };
}

/**
 * REINFORCE++ with a group baseline: the group's mean is subtracted, then the whole batch is divided by the root mean square of what is left.
 * Groups without differences weigh in through the deviation and the token count, so that a batch with little to learn takes a small step.
 */
export const groupMeanBatchDeviation = definePlugin({
  kind: 'credit-assigner',
  name: 'group-mean-batch-deviation',
  source: 'Hu et al. 2025 (REINFORCE++-baseline)',
  about: 'Subtracts the group’s mean and divides by the whole batch’s deviation.',
  options: schema,
  create({ epsilon }) {
    return { name: 'group-mean-batch-deviation', scope: 'batch', assign: (groups) => assign(groups, epsilon) };
  },
});
