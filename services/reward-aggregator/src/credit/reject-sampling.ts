import { definePlugin, type Credit, type CreditGroup } from '@redqueen/core';
import { z } from 'zod';

const options = z.strictObject({
  /** Smallest total with which a sample is kept; the knob threshold.executor. */
  threshold: z.number().default(0),
  /** Most samples of a group that are kept, best first. */
  most: z.int().min(1).default(8),
});

/** The knob that stands above the option once it was turned. */
const thresholdKnob = 'threshold.executor';

/** Which samples of a group are kept, by index: the best `most` different answers whose total is at least `threshold`. */
function selected(group: CreditGroup, threshold: number, most: number): ReadonlySet<number> {
  const seen = new Set<string>();
  const kept = new Set<number>();
  const best = group.samples.map(({ total }, index) => ({ total, index })).sort((a, b) => b.total - a.total || a.index - b.index);
  for (const { total, index } of best) {
    // Samples of an unknown answer are each their own.
    const answer = group.samples[index]?.answer ?? `#${index}`;
    if (total < threshold || seen.has(answer) || kept.size >= most) continue;
    seen.add(answer);
    kept.add(index);
  }
  return kept;
}

function assign(groups: readonly CreditGroup[], threshold: number, most: number): Credit {
  let normaliser = 0;
  const advantages = groups.map((group) => {
    const kept = selected(group, threshold, most);
    if (kept.size === 0) return undefined;
    for (const index of kept) normaliser += group.samples[index]?.tokens ?? 0;
    return group.samples.map((_, index) => (kept.has(index) ? 1 : 0));
  });
  return { advantages, normaliser };
}

/** Rejection sampling: weight 1 for what is to be imitated, 0 for the rest. For the optimizer that clones. */
export const rejectSampling = definePlugin({
  kind: 'credit-assigner',
  name: 'reject-sampling',
  source: 'B-STaR (Zeng et al. 2024, 2412.17256): unique responses whose score reaches the threshold',
  about: 'Keeps the different answers whose reward reaches a threshold, for imitation.',
  options,
  create: ({ threshold, most }) => ({
    name: 'reject-sampling',
    scope: 'group',
    assign: (groups, knobs) => assign(groups, knobs?.[thresholdKnob] ?? threshold, most),
  }),
});
