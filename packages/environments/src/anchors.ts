import { hash, randomOf, type Split, type Task } from '@redqueen/core';
import { remembered } from './remembered.ts';
import { armsOf, environmentByName, type ArmName, type Selection } from './registry.ts';

/** A set of held-out tasks. */
export type AnchorPurpose = Exclude<Split, 'train'>;

/**
 * Draws in a row that give nothing new before an arm counts as exhausted. The smallest arms have about 70 tasks,
 * of which one is then missed with probability e^-55; a large arm may end a little early, always at the same place.
 */
const patience = 4000;

/** Distinct tasks of an arm, one at a time; undefined once no more are found. */
function taskSource(arm: ArmName, purpose: AnchorPurpose): () => Task | undefined {
  const environment = environmentByName(arm.environment);
  const random = randomOf('anchors', purpose, arm.environment, arm.family, arm.level);
  const seen = new Set<string>();
  return () => {
    for (let tries = 0; tries < patience; tries++) {
      const task = environment.generate(arm.family, arm.level, random);
      if (seen.has(task.canonical) || environment.splitOf(task) !== purpose) continue;
      seen.add(task.canonical);
      return task;
    }
    return undefined;
  };
}

/**
 * The held-out tasks of a purpose: `perArm` distinct tasks of each arm of the selection, in its order.
 * An arm that has fewer gives all it has and the others make up for it in turn, so that the total is `perArm` times the number of arms
 * while there are tasks. A pure function of its arguments; sets of different purposes are disjoint.
 */
export const anchorTasks = remembered(drawTasks);

function drawTasks(selection: Selection, purpose: AnchorPurpose, perArm: number): readonly Task[] {
  const arms = armsOf(selection);
  const drawers = arms.map((arm) => ({ next: taskSource(arm, purpose), tasks: [] as Task[] }));
  let open = drawers;
  let missing = perArm * arms.length;
  while (missing > 0 && open.length > 0) {
    open = open.slice(0, missing).filter((drawer) => {
      const task = drawer.next();
      if (task === undefined) return false;
      drawer.tasks.push(task);
      missing--;
      return true;
    });
  }
  return drawers.flatMap(({ tasks }) => tasks);
}

/** What the proposer is asked at an anchor. */
export interface SlotAnchor extends ArmName {
  /** Proposals to sample. */
  readonly proposals: number;
  readonly seed: number;
}

/** One slot an arm with a fixed seed: proposals need no held-out set, because nothing about them is memorised. */
export function anchorSlots(selection: Selection, proposals: number): readonly SlotAnchor[] {
  return armsOf(selection).map((arm) => {
    const random = randomOf('anchor slots', arm.environment, arm.family, arm.level);
    return { ...arm, proposals, seed: random.integer(2 ** 32) };
  });
}

/** SHA-256 (hex) over a set of anchors in its order: two services that agree on it test the same things. */
export function anchorsHash(anchors: readonly object[]): string {
  return hash('anchors', ...anchors.map((anchor) => JSON.stringify(Object.entries(anchor).sort(([a], [b]) => (a < b ? -1 : 1)))));
}
