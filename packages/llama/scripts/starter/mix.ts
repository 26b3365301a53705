import { levelShare, type Skill, skills } from './skills.ts';

/** Success that a skill is steered towards; what is above is shown only as often as is needed not to forget it. */
interface Aim {
  /** Success without any skill. */
  readonly chance: number;
  readonly target: number;
  /** Weight at chance, relative to the other skills. */
  readonly most: number;
  /** Weight before anything was measured. */
  readonly first: number;
}

/** Smallest share of its full weight that a skill keeps. */
const floor = 0.03;

/** Aims by family (success: probability of a right answer at temperature 1) and by role (verifier: probability of the right label). */
const aims: Readonly<Record<string, Aim>> = {
  add: { chance: 0, target: 0.34, most: 2.55, first: 2 },
  subtract: { chance: 0, target: 0.34, most: 2.55, first: 2 },
  reverse: { chance: 0, target: 0.28, most: 1.5, first: 0.4 },
  sort: { chance: 0, target: 0.28, most: 1.5, first: 0.4 },
  count: { chance: 0, target: 0.34, most: 1.5, first: 1 },
  maze: { chance: 0, target: 0.3, most: 1.5, first: 0.5 },
  verifier: { chance: 0.5, target: 0.6, most: 1, first: 0.5 },
  'world-model': { chance: 0, target: 0.7, most: 3, first: 1.2 },
  // Validity is not measured while training: proposals are shown at a constant rate.
  proposer: { chance: 0, target: 1, most: 0.4, first: 0.4 },
};

function aimOf(skill: Skill): Aim {
  return aims[skill.arm?.family ?? skill.role] ?? { chance: 0, target: 1, most: 1, first: 1 };
}

function shareOf(skill: Skill): number {
  return skill.arm === undefined ? 1 : levelShare(skill.arm.family, skill.arm.level);
}

/** Weights of the skills before anything was measured. */
export function firstMix(): readonly number[] {
  return skills.map((skill) => aimOf(skill).first * shareOf(skill));
}

/**
 * Weights of the skills by their success on the develop split (same order; undefined where it is not measured):
 * proportional to how far each is from its target. This holds easy skills back until slow ones have come up.
 */
export function steer(success: readonly (number | undefined)[]): readonly number[] {
  return skills.map((skill, index) => {
    const { chance, target, most } = aimOf(skill);
    const lacking = (target - (success[index] ?? chance)) / (target - chance);
    return most * shareOf(skill) * Math.min(1, Math.max(floor, lacking));
  });
}
