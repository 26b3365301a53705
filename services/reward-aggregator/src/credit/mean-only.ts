import type { CreditAssigner, Plugin } from '@redqueen/core';
import { requireNoOptions } from '../terms/no-options.ts';
import { byGroup, residuals } from './groups.ts';

/** A = r − mean within the group. Without the deviation, hard and easy groups are not blown up; the safer choice for tiny groups. */
export const meanOnly: Plugin<CreditAssigner> = {
  name: 'mean-only',
  source: 'Liu et al. 2025 (Dr. GRPO)',
  create(options) {
    requireNoOptions('mean-only', options);
    return { name: 'mean-only', scope: 'group', assign: (groups) => byGroup(groups, residuals) };
  },
};
