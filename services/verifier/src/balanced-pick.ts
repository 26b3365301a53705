import { pick, type Random } from '@redqueen/core';
import type { Outcome } from './outcomes.ts';

/**
 * The attempts of a group that the model judges: of a group with right and wrong finished answers one of each, otherwise none. Half of what it learns from is
 * right that way, so that saying always the same teaches nothing. Distinct answers are equally likely, however often they were given.
 */
export function balancedPick(outcomes: readonly Outcome[], random: Random): Outcome[] {
  const distinct = (right: boolean): Outcome[] => {
    const byAnswer = new Map<string, Outcome>();
    for (const outcome of outcomes) {
      if (outcome.finished && outcome.right === right && !byAnswer.has(outcome.answer)) byAnswer.set(outcome.answer, outcome);
    }
    return [...byAnswer.values()];
  };
  const [right, wrong] = [distinct(true), distinct(false)];
  return right.length > 0 && wrong.length > 0 ? [pick(random, right), pick(random, wrong)] : [];
}
