import { definePlugin, type ArmKey, type Curriculum } from '@redqueen/core';
import { z } from 'zod';

const optionsSchema = z.strictObject({
  /** Levels of a family that are open at once, the top one included. */
  window: z.int().min(1).default(4),
  /** Accuracy at the top level from which the next level opens. */
  raiseAt: z.number().gt(0).max(1).default(0.9),
  /** Attempts at the top level before its accuracy counts. */
  minimumAttempts: z.int().min(1).default(64),
});

interface FamilyMemory {
  /** Position of the top level among the family's levels. */
  readonly top: number;
  /** Attempts at the top level since it opened, and how many were right. */
  readonly attempts: number;
  readonly solved: number;
}

type Memory = readonly FamilyMemory[];

/** A family's arms, easiest first. */
type FamilyArms = readonly number[];

function familiesOf(arms: readonly ArmKey[]): FamilyArms[] {
  const families = Map.groupBy(arms.keys(), (index) => `${arms[index]?.environment}/${arms[index]?.family}`);
  return [...families.values()].map((indices) => indices.sort((a, b) => (arms[a]?.level ?? 0) - (arms[b]?.level ?? 0)));
}

function createFixedWindow(
  arms: readonly ArmKey[],
  { window, raiseAt, minimumAttempts }: z.output<typeof optionsSchema>,
): Curriculum<Memory> {
  const families = familiesOf(arms);
  const opened = (family: FamilyArms, { top }: FamilyMemory): FamilyArms => family.slice(Math.max(0, top - window + 1), top + 1);
  const counted = (family: FamilyArms, memory: FamilyMemory, attempts: number, solved: number): FamilyMemory => {
    const next = { ...memory, attempts: memory.attempts + attempts, solved: memory.solved + solved };
    const mastered = next.attempts >= minimumAttempts && next.solved >= raiseAt * next.attempts;
    return mastered && next.top + 1 < family.length ? { top: next.top + 1, attempts: 0, solved: 0 } : next;
  };
  return {
    initial: () => families.map(() => ({ top: 0, attempts: 0, solved: 0 })),
    settled: (memory, arm, { attempts, solved }) =>
      memory.map((family, index) => {
        const levels = families[index] ?? [];
        return levels[family.top] === arm ? counted(levels, family, attempts, solved) : family;
      }),
    released: (memory) => memory,
    probabilities: (memory) => {
      const result = arms.map(() => 0);
      for (const [index, family] of families.entries()) {
        const levels = opened(family, memory[index] ?? { top: 0, attempts: 0, solved: 0 });
        for (const arm of levels) result[arm] = 1 / (families.length * levels.length);
      }
      return result;
    },
    progress: () => arms.map(() => 0),
    turned: () => undefined,
  };
}

/**
 * A window of levels that slides up as they are mastered: every family begins at its lowest level; once accuracy at its top level is at least 0.9 over
 * enough attempts, the next level opens and, beyond the window's width, the lowest closes. Families are equally likely, and so are the open levels of a family.
 */
export const fixedWindow = definePlugin({
  kind: 'curriculum',
  name: 'fixed-window',
  source: 'the control arm of RLVE (Zeng et al. 2025)',
  about: 'Opens a family’s next level once its top level is mastered and closes the lowest beyond a fixed width.',
  options: optionsSchema,
  create: (options, { arms }) => createFixedWindow(arms, options),
});
