import { definePlugin } from '@redqueen/core';
import { z } from 'zod';
import { byGroup, residuals } from './groups.ts';

/** A = r − mean within the group. Without the deviation, hard and easy groups are not blown up; the safer choice for tiny groups. */
export const meanOnly = definePlugin({
  kind: 'credit-assigner',
  name: 'mean-only',
  source: 'Liu et al. 2025 (Dr. GRPO)',
  about: 'Subtracts the group’s mean and divides by nothing.',
  options: z.strictObject({}),
  create: () => ({ name: 'mean-only', scope: 'group', assign: (groups) => byGroup(groups, residuals) }),
});
