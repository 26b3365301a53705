import { mean, type Credit, type CreditGroup } from '@redqueen/core';

/** Whether a group's totals differ: only then can comparing them teach anything. False for singletons. */
export function isMixed(group: CreditGroup): boolean {
  const [first, ...others] = group.samples;
  return first !== undefined && others.some((sample) => sample.total !== first.total);
}

/** Each sample's total minus the group's mean, from the deviations themselves so that large means cancel nothing. */
export function residuals(group: CreditGroup): number[] {
  const centre = mean(group.samples.map((sample) => sample.total));
  return group.samples.map((sample) => sample.total - centre);
}

/** How many tokens the group's samples have. */
export function tokensOf(group: CreditGroup): number {
  let tokens = 0;
  for (const sample of group.samples) tokens += sample.tokens;
  return tokens;
}

/** Credit that looks at one group at a time: groups whose totals are all equal carry neither signal nor tokens. */
export function byGroup(groups: readonly CreditGroup[], advantagesOf: (group: CreditGroup) => readonly number[]): Credit {
  let normaliser = 0;
  const advantages = groups.map((group) => {
    if (!isMixed(group)) return undefined;
    normaliser += tokensOf(group);
    return advantagesOf(group);
  });
  return { advantages, normaliser };
}
