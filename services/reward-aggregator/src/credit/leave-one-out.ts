import { definePlugin } from '@redqueen/core';
import { z } from 'zod';
import { byGroup, residuals } from './groups.ts';

/** RLOO: A = r − mean of the others = n / (n − 1) · (r − mean), an unbiased baseline. */
export const leaveOneOut = definePlugin({
  kind: 'credit-assigner',
  name: 'leave-one-out',
  source: 'Kool et al. 2019; Ahmadian et al. 2024 (RLOO)',
  about: 'Subtracts the mean of a sample’s fellows.',
  options: z.strictObject({}),
  create: () => ({
    name: 'leave-one-out',
    scope: 'group',
    assign: (groups) =>
      byGroup(groups, (group) => {
        const scale = group.samples.length / (group.samples.length - 1);
        return residuals(group).map((residual) => scale * residual);
      }),
  }),
});
