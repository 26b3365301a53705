import { definePlugin, deviation, mean, randomOf, weightedIndex, type CreditGroup } from '@redqueen/core';
import { z } from 'zod';
import { isMixed } from './groups.ts';
import { creditOf } from './stages.ts';

const options = z.strictObject({
  /** The largest total that a sample can have, R_max. */
  largest: z.number().default(1),
});

/** V = (R_max − μ) · σ over a group's totals: 0 without variance, and 0 at mean R_max; of totals in [0, 1] largest for a hard task that is sometimes solved. */
export function taskValue(totals: readonly number[], largest: number): number {
  if (totals.length === 0) return 0;
  return Math.max(0, largest - mean(totals)) * deviation(totals);
}

function teaches(group: CreditGroup): boolean {
  return group.advantages?.some((advantage) => advantage !== 0) === true;
}

/** The groups with each one that teaches nothing replaced by a copy of one that does, drawn with probability ∝ V; unchanged where all values are 0. */
function resampled(groups: readonly CreditGroup[], largest: number): readonly CreditGroup[] {
  const sources = groups.filter(teaches);
  const values = sources.map((group) =>
    isMixed(group)
      ? taskValue(
          group.samples.map(({ total }) => total),
          largest,
        )
      : 0,
  );
  if (!values.some((value) => value > 0)) return groups;
  // The stream belongs to the batch: a replay draws the same copies, whatever else happens in the run.
  const random = randomOf('value-resample', ...groups.map(({ id }) => id));
  const copies = new Map<string, number>();
  return groups.map((group) => {
    if (teaches(group)) return group;
    const source = sources[weightedIndex(random, values)] as CreditGroup;
    const copy = (copies.get(source.id) ?? 1) + 1;
    copies.set(source.id, copy);
    return { ...source, tags: { ...source.tags, copy } };
  });
}

/** VSPO, first half: the place of a group that teaches nothing goes to one more copy of a group that teaches much. Smooth the copies with value-smoothing. */
export const valueResample = definePlugin({
  kind: 'credit-assigner',
  name: 'value-resample',
  source:
    'Zhuang et al. 2025 (PRS + VSPO, arXiv 2512.07478): V = (R_max − μ) · σ; by copies of the samples, not by sampling the prompt again (our form)',
  about: 'Replaces groups without a signal by copies of valuable ones.',
  options,
  create: ({ largest }) => ({
    name: 'value-resample',
    scope: 'batch',
    stage: 'place',
    assign: (groups) => creditOf(resampled(groups, largest)),
  }),
});
