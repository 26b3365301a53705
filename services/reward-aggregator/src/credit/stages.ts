import type { Credit, CreditGroup } from '@redqueen/core';
import { tokensOf } from './groups.ts';

/** The groups with their credit as it now is: a stage's answer. Groups without a signal carry no tokens. */
export function creditOf(groups: readonly CreditGroup[]): Credit {
  let normaliser = 0;
  for (const group of groups) if (group.advantages) normaliser += tokensOf(group);
  return { advantages: groups.map(({ advantages }) => advantages), normaliser, groups };
}

/** The group with each advantage times `factor`; as it is where it carries no signal. */
export function scaled(group: CreditGroup, factor: number): CreditGroup {
  return group.advantages ? { ...group, advantages: group.advantages.map((advantage) => factor * advantage) } : group;
}
