import { definePlugin } from '@redqueen/core';
import { z } from 'zod';
import { creditOf, scaled } from './stages.ts';

/** How much of its advantages the m-th copy of a group keeps, m = 1 being the group itself. */
const decays = {
  none: () => 1,
  'inverse-root': (copy: number) => 1 / Math.sqrt(copy),
  inverse: (copy: number) => 1 / copy,
} as const satisfies Record<string, (copy: number) => number>;

const options = z.strictObject({
  /** inverse-root: 1/√m. inverse: 1/m. none: 1, the paper's ablation. */
  decay: z.enum(['inverse-root', 'inverse', 'none']).default('inverse-root'),
});

/** VSPO, second half: the advantages of a group that is drawn again and again decay, so that a few tasks do not run away with the policy. */
export const valueSmoothing = definePlugin({
  kind: 'credit-assigner',
  name: 'value-smoothing',
  source: 'Zhuang et al. 2025 (PRS + VSPO, arXiv 2512.07478): value-smoothing clipping; A/√m for the m-th copy is our form',
  about: 'Lets the advantages of a group’s copies decay.',
  options,
  create: ({ decay }) => ({
    name: 'value-smoothing',
    scope: 'group',
    stage: 'place',
    assign: (groups) => creditOf(groups.map((group) => scaled(group, decays[decay](group.tags?.copy ?? 1)))),
  }),
});
