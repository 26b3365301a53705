import { definePlugin } from '@redqueen/core';
import { z } from 'zod';
import { creditOf } from './stages.ts';

const options = z.strictObject({
  /** Smallest and largest solve rate of a group that may teach. */
  low: z.number().min(0).max(1).default(0.3),
  high: z.number().min(0).max(1).default(0.8),
});

/**
 * Keeps the groups whose solve rate lies in a band, ends included; under a majority vote that is the majority's share: below the band the label is likely
 * wrong, above it there is little left to learn. A group whose rate nobody told is kept.
 */
export const consistencyBand = definePlugin({
  kind: 'credit-assigner',
  name: 'consistency-band',
  source: 'self-consistency filter of R-Zero (2508.05004) and Agent0 (2511.16043): 0.3 ≤ p ≤ 0.8',
  about: 'Masks the groups whose solve rate is outside a band.',
  options,
  create({ low, high }) {
    const inside = (rate: number | undefined): boolean => rate === undefined || (rate >= low && rate <= high);
    return {
      name: 'consistency-band',
      scope: 'group',
      stage: 'mask',
      assign: (groups) => creditOf(groups.map((group) => (inside(group.tags?.solveRate) ? group : { ...group, advantages: undefined }))),
    };
  },
});
