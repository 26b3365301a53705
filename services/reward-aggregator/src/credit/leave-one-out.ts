import type { CreditAssigner, Plugin } from '@redqueen/core';
import { requireNoOptions } from '../terms/no-options.ts';
import { byGroup, residuals } from './groups.ts';

/** RLOO: A = r − mean of the others = n / (n − 1) · (r − mean), an unbiased baseline. */
export const leaveOneOut: Plugin<CreditAssigner> = {
  name: 'leave-one-out',
  source: 'Kool et al. 2019; Ahmadian et al. 2024 (RLOO)',
  create(options) {
    requireNoOptions('leave-one-out', options);
    return {
      name: 'leave-one-out',
      scope: 'group',
      assign: (groups) =>
        byGroup(groups, (group) => {
          const scale = group.samples.length / (group.samples.length - 1);
          return residuals(group).map((residual) => scale * residual);
        }),
    };
  },
};
