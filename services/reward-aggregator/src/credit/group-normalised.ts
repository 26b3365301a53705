import { definePlugin, deviation } from '@redqueen/core';
import { z } from 'zod';
import { byGroup, residuals } from './groups.ts';

const schema = z.strictObject({
  /** Keeps the quotient finite; of the rewards' own unit. */
  epsilon: z.number().min(0).default(1e-4),
});

/** GRPO: A = (r − mean) / (std + ε) within the group, with the population standard deviation. */
export const groupNormalised = definePlugin({
  kind: 'credit-assigner',
  name: 'group-normalised',
  source: 'Shao et al. 2024 (DeepSeekMath, GRPO), equation 3',
  about: 'Subtracts the group’s mean and divides by the group’s deviation.',
  options: schema,
  create({ epsilon }) {
    return {
      name: 'group-normalised',
      scope: 'group',
      assign: (groups) =>
        byGroup(groups, (group) => {
          const scale = deviation(group.samples.map((sample) => sample.total)) + epsilon;
          return residuals(group).map((residual) => (scale > 0 ? residual / scale : 0));
        }),
    };
  },
});
