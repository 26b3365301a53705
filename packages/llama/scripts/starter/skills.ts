import { armsOf, type ArmName, type Selection } from '@redqueen/environments';

/** Something that a starter learns: one arm of the executor, or one of the other roles. */
export interface Skill {
  readonly name: string;
  /** "tool" is the executor's too: going on once a tool has answered. */
  readonly role: 'executor' | 'verifier' | 'world-model' | 'proposer' | 'tool';
  /** The executor's arm; undefined for the other roles, which draw arms themselves. */
  readonly arm: ArmName | undefined;
}

/** What one starter is trained on. */
export interface SkillSet {
  readonly selection: Selection;
  /** The arms of the selection. */
  readonly arms: readonly ArmName[];
  /** Executor arms first. */
  readonly skills: readonly Skill[];
  /** Share of the executor's arithmetic lines that call the calculator instead of answering. */
  readonly callShare: number;
}

/** The families and levels of the default recipe. */
const plainSelection: Selection = [
  { use: 'arithmetic', families: { add: [1, 2, 3], subtract: [1, 2, 3] } },
  { use: 'strings', families: { reverse: [1, 2, 3], sort: [1, 2, 3], count: [1, 2, 3] } },
  { use: 'grid', families: { maze: [1, 2, 3] } },
];

/** Those, and sums of three terms and products, which are hard to do without a calculator. */
const toolSelection: Selection = [
  { use: 'arithmetic', families: { add: [1, 2, 3], subtract: [1, 2, 3], chain: [1, 2, 3], multiply: [1, 2, 3] } },
  ...plainSelection.slice(1),
];

function skillSet(selection: Selection, callShare: number): SkillSet {
  const arms = armsOf(selection);
  const skills: Skill[] = [
    ...arms.map((arm) => ({ name: `${arm.family} ${arm.level}`, role: 'executor' as const, arm })),
    { name: 'verifier', role: 'verifier', arm: undefined },
    { name: 'world-model', role: 'world-model', arm: undefined },
    { name: 'proposer', role: 'proposer', arm: undefined },
  ];
  if (callShare > 0) skills.push({ name: 'tool', role: 'tool', arm: undefined });
  return { selection, arms, skills, callShare };
}

/** The starters that there are, by the name that `--mix` takes. */
export const skillSets = { plain: skillSet(plainSelection, 0), tools: skillSet(toolSelection, 0.45) } as const;

/** How often each level of a family is shown: empty mazes are few and easy, long sums come late. */
export function levelShare(family: string, level: number): number {
  const sums = [0.3, 0.4, 0.3];
  const shares: Readonly<Record<string, readonly number[]>> = {
    maze: [0.15, 0.45, 0.4],
    add: sums,
    subtract: sums,
    chain: sums,
    multiply: sums,
  };
  return (shares[family] ?? [0.4, 0.4, 0.2])[level - 1] ?? 0;
}
