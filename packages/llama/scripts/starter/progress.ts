import { mean, randomOf } from '@redqueen/core';
import type { FullTrainer, TrainingLine } from '@redqueen/llama';
import { tokensOf } from './batches.ts';
import { lineOf } from './corpus.ts';
import type { SkillSet } from './skills.ts';

/** Develop lines of an executor arm and of another role. */
const linesPerSkill = { executor: 24, other: 64 } as const;

/** The develop lines that a set's skills are measured on, one list a skill: always the same. */
export function developLines(set: SkillSet): readonly (readonly TrainingLine[])[] {
  const random = randomOf('starter', 'develop lines');
  return set.skills.map((skill) =>
    Array.from({ length: skill.arm === undefined ? linesPerSkill.other : linesPerSkill.executor }, () =>
      tokensOf(lineOf(set, skill, 'develop', random)),
    ),
  );
}

/** How far the model is, by the probability of the right answers of the develop split. */
export interface Progress {
  /** One a skill: mean probability of sampling the right answer; undefined for the proposer, which has no right answer. */
  readonly success: readonly (number | undefined)[];
  /** Mean and smallest over the executor's arms. */
  readonly executor: number;
  readonly weakest: number;
}

/** Measures by teacher forcing: exact and cheap, and for mazes, which have several right answers, a little too low. */
export async function measureProgress(
  trainer: FullTrainer,
  { skills }: SkillSet,
  lines: readonly (readonly TrainingLine[])[],
): Promise<Progress> {
  const { logProbs } = await trainer.evaluate(lines.flat());
  let start = 0;
  const success = skills.map(({ role }, index) => {
    const count = lines[index]?.length ?? 0;
    const probability = mean(logProbs.slice(start, start + count).map(Math.exp));
    start += count;
    return role === 'proposer' ? undefined : probability;
  });
  const executor = success.filter((value, index): value is number => value !== undefined && skills[index]?.role === 'executor');
  return { success, executor: mean(executor), weakest: Math.min(...executor) };
}
