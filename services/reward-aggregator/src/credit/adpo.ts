import { definePlugin, type CreditGroup } from '@redqueen/core';
import { z } from 'zod';
import { creditOf, scaled } from './stages.ts';

const options = z.strictObject({
  /** Smallest scale s_min: that of a group whose label is least to be trusted. 1 leaves the advantages as they are. */
  smallest: z.number().min(0).max(1).default(0.6),
  /** Upper clip ε of a group that is all to be trusted. */
  clip: z.number().positive().default(0.2),
  /** How much wider the upper clip of a doubtful group may be; 0 leaves every group the optimizer's own clip. */
  widening: z.number().min(0).default(0.1),
});

/** Shares between which both formulas move, and the distance between them. */
const [low, high, width] = [0.3, 0.8, 0.5];

function clip01(value: number): number {
  return Math.min(1, Math.max(0, value));
}

/** s_min + (1 − s_min) · clip((p − 0.3) / 0.5, 0, 1): non-decreasing in the majority's share p. */
export function adpoScale(share: number, smallest: number): number {
  return smallest + (1 - smallest) * clip01((share - low) / width);
}

/** ε + widening · clip((0.8 − p) / 0.5, 0, 1): non-increasing in the majority's share p. */
export function adpoClip(share: number, clip: number, widening: number): number {
  return clip + widening * clip01((high - share) / width);
}

/**
 * ADPO: a group whose majority is small is likely to be labelled wrong, so it teaches less; and as its right answers are rare, their ratio may rise higher
 * before it is clipped. A group whose share nobody told is left as it is.
 */
export const adpo = definePlugin({
  kind: 'credit-assigner',
  name: 'adpo',
  source: 'Xia et al. 2025 (Agent0, 2511.16043), ambiguity-dynamic policy optimisation, constants of the released code',
  about: 'Scales a group’s advantages and widens its upper clip by how doubtful its majority label is.',
  options,
  create({ smallest, clip, widening }) {
    const change = (group: CreditGroup): CreditGroup => {
      const share = group.tags?.solveRate;
      if (share === undefined || !group.advantages) return group;
      const tags = widening > 0 ? { ...group.tags, clipHigh: adpoClip(share, clip, widening) } : group.tags;
      return { ...scaled(group, adpoScale(share, smallest)), ...(tags && { tags }) };
    };
    return { name: 'adpo', scope: 'group', stage: 'scale', assign: (groups) => creditOf(groups.map(change)) };
  },
});
