import { armsOf, type ArmName, type Selection } from '@redqueen/environments';

/** What the starter is trained on: the families and levels of the default recipe. */
export const selection: Selection = [
  { use: 'arithmetic', families: { add: [1, 2, 3], subtract: [1, 2, 3] } },
  { use: 'strings', families: { reverse: [1, 2, 3], sort: [1, 2, 3], count: [1, 2, 3] } },
  { use: 'grid', families: { maze: [1, 2, 3] } },
];

/** The arms of the selection. */
export const arms: readonly ArmName[] = armsOf(selection);

/** Something that the starter learns: one arm of the executor, or one of the other roles. */
export interface Skill {
  readonly name: string;
  readonly role: 'executor' | 'verifier' | 'world-model' | 'proposer';
  /** The executor's arm; undefined for the other roles, which draw arms themselves. */
  readonly arm: ArmName | undefined;
}

/** All skills, executor arms first. */
export const skills: readonly Skill[] = [
  ...arms.map((arm) => ({ name: `${arm.family} ${arm.level}`, role: 'executor' as const, arm })),
  { name: 'verifier', role: 'verifier', arm: undefined },
  { name: 'world-model', role: 'world-model', arm: undefined },
  { name: 'proposer', role: 'proposer', arm: undefined },
];

/** How often each level of a family is shown: empty mazes are few and easy, long sums come late. */
export function levelShare(family: string, level: number): number {
  const shares: Readonly<Record<string, readonly number[]>> = { maze: [0.15, 0.45, 0.4], add: [0.3, 0.4, 0.3], subtract: [0.3, 0.4, 0.3] };
  return (shares[family] ?? [0.4, 0.4, 0.2])[level - 1] ?? 0;
}
