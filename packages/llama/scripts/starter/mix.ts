import { levelShare, type Skill, skills } from './skills.ts';

/** Success that a skill is steered towards; what is above is shown only as often as is needed not to forget it. */
interface Aim {
  readonly target: number;
  /** Weight far below the target, relative to the other skills. */
  readonly most: number;
  readonly first: number;
}

/** Smallest share of its full weight that a skill keeps. */
const floor = 0.04;

/** Aims by family (success: probability of a right answer at temperature 1) and by role (verifier: probability of the right label). */
const aims: Readonly<Record<string, Aim>> = {
  add: { target: 0.34, most: 2.55, first: 2 },
  subtract: { target: 0.34, most: 2.55, first: 2 },
  reverse: { target: 0.34, most: 1.5, first: 0.4 },
  sort: { target: 0.34, most: 1.5, first: 0.4 },
  count: { target: 0.34, most: 1.5, first: 1 },
  maze: { target: 0.34, most: 1.5, first: 0.5 },
  verifier: { target: 0.66, most: 1, first: 0.5 },
  'world-model': { target: 0.5, most: 1.5, first: 0.3 },
  // Validity is not measured while training: proposals are shown at a constant rate.
  proposer: { target: 1, most: 0.4, first: 0.4 },
};

function aimOf(skill: Skill): Aim {
  return aims[skill.arm?.family ?? skill.role] ?? { target: 1, most: 1, first: 1 };
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
    const { target, most } = aimOf(skill);
    const lacking = (target - (success[index] ?? 0)) / target;
    return most * shareOf(skill) * Math.min(1, Math.max(floor, lacking));
  });
}
