import { RedQueenError } from '../errors.ts';
import type { Recipe } from '../recipe.ts';
import type { Check, Task } from './environment.ts';

declare const granted: unique symbol;

/** The right to let the environment's checker decide rewards. There is no way to write one down: only `grantTruth` makes it. */
export interface TruthAccess {
  readonly [granted]: 'rewards';
  /** Whether an answer is right. Never throws: an unreadable answer is wrong. */
  check(task: Task, answer: string): Check;
}

/** A recipe whose rewards may come from the environment's checker. */
export type ExternallyRewarded = Recipe & { readonly groundTruth: 'rewards' };

/** Whether the recipe's rewards may come from the environment's checker. */
export function isExternallyRewarded(recipe: Recipe): recipe is ExternallyRewarded {
  return recipe.groundTruth === 'rewards';
}

/**
 * Ground truth for the rewards of a recipe that says so. A recipe as such is not enough for the type checker: who asks must have looked at `groundTruth`.
 * Throws `failed_precondition` where the type was only asserted.
 */
export function grantTruth(recipe: ExternallyRewarded, check: (task: Task, answer: string) => Check): TruthAccess {
  if (!isExternallyRewarded(recipe as Recipe))
    throw new RedQueenError('failed_precondition', 'groundTruth: none; no reward of this recipe may come from the environment’s checker');
  return { check } as unknown as TruthAccess;
}
