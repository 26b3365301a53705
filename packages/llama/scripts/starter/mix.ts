import { levelShare, type Skill, type SkillSet } from './skills.ts';

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
  // Hard to do without a calculator, and not to be learned: what their lines teach is to call it.
  chain: { chance: 0, target: 0.2, most: 0.7, first: 0.7 },
  multiply: { chance: 0, target: 0.2, most: 0.7, first: 0.7 },
  tool: { chance: 0, target: 0.45, most: 1.2, first: 0.8 },
  // Validity is not measured while training: proposals are shown at a constant rate.
  proposer: { chance: 0, target: 1, most: 0.4, first: 0.4 },
};

/** The aim of a skill. Where the calculator is called as well, the probability of direct answers leaves room for the calls. */
function aimOf({ callShare }: SkillSet, skill: Skill): Aim {
  const aim = aims[skill.arm?.family ?? skill.role] ?? { chance: 0, target: 1, most: 1, first: 1 };
  return skill.arm?.environment === 'arithmetic' ? { ...aim, target: aim.target * (1 - callShare) } : aim;
}

function shareOf(skill: Skill): number {
  return skill.arm === undefined ? 1 : levelShare(skill.arm.family, skill.arm.level);
}

/** Weights of the set's skills before anything was measured. */
export function firstMix(set: SkillSet): readonly number[] {
  return set.skills.map((skill) => aimOf(set, skill).first * shareOf(skill));
}

/**
 * Weights of the skills by their success on the develop split (same order; undefined where it is not measured):
 * proportional to how far each is from its target. This holds easy skills back until slow ones have come up.
 */
export function steer(set: SkillSet, success: readonly (number | undefined)[]): readonly number[] {
  return set.skills.map((skill, index) => {
    const { chance, target, most } = aimOf(set, skill);
    const lacking = (target - (success[index] ?? chance)) / (target - chance);
    return most * shareOf(skill) * Math.min(1, Math.max(floor, lacking));
  });
}
