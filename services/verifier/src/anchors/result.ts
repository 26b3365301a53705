import type { AnchorTask, ArmResultInput, FigureInput, PolicyStamp } from '@redqueen/contract';
import { mean } from '@redqueen/core';
import { anchorsHash } from '@redqueen/environments';

/** How one anchor was answered. */
export interface Scored {
  readonly environment: string;
  /** Empty where the anchor belongs to no family. */
  readonly family: string;
  readonly level: number;
  readonly passed: boolean;
}

/** What is measured on a set of anchors, as AnchorResult carries it. */
export interface Measured {
  readonly figures: readonly FigureInput[];
  readonly passed: readonly boolean[];
  /** Loss of each anchor in [0, 1] by a proper score; left out where pass or fail says all. */
  readonly losses?: readonly number[];
  readonly arms: readonly ArmResultInput[];
  /** The anchors themselves, in order, for the hash. */
  readonly anchors: readonly object[];
}

/** A figure of all items, and one of each group of items, named <name>.<group>, in the order in which the groups first appear. */
export function groupedFigures<Item>(
  name: string,
  items: readonly Item[],
  measure: (items: readonly Item[]) => number,
  groupsOf: (item: Item) => readonly string[],
): FigureInput[] {
  const groups = new Map<string, Item[]>([['', [...items]]]);
  for (const item of items) for (const group of groupsOf(item)) groups.set(group, [...(groups.get(group) ?? []), item]);
  return [...groups].flatMap(([group, members]) => {
    const value = members.length === 0 ? Number.NaN : measure(members);
    return Number.isFinite(value) ? [{ name: group === '' ? name : `${name}.${group}`, value, count: members.length }] : [];
  });
}

/** The share of anchors that passed, overall, by environment and by family. */
export function passFigures(name: string, scored: readonly Scored[]): FigureInput[] {
  return groupedFigures(
    name,
    scored,
    (items) => mean(items.map(({ passed }) => Number(passed))),
    ({ environment, family }) => [environment, family].filter((group, index, all) => group !== '' && all.indexOf(group) === index),
  );
}

/** Results by (family, level), in the order in which they first appear. */
export function armResults(scored: readonly Scored[]): ArmResultInput[] {
  const arms = Map.groupBy(
    scored.filter(({ family }) => family !== ''),
    ({ family, level }) => `${family} ${level}`,
  );
  return [...arms.values()].map((items) => ({
    family: items[0]?.family ?? '',
    level: items[0]?.level ?? 0,
    count: items.length,
    passed: items.filter(({ passed }) => passed).length,
  }));
}

/** The body of an AnchorResult. */
export function resultOf(task: AnchorTask, policy: PolicyStamp | null, { figures, passed, losses = [], arms, anchors }: Measured) {
  return {
    anchorId: task.anchorId,
    task,
    figures: [...figures],
    passed: [...passed],
    losses: [...losses],
    arms: [...arms],
    policy,
    anchorsHash: anchorsHash(anchors),
  };
}
