import { pick, type Random } from '@redqueen/core';
import type { Outcome } from './outcomes.ts';

/**
 * The attempts of a group that the model judges: one right and one wrong finished answer, as far as the group has them. Batches are balanced over groups, so
 * that saying always the same teaches nothing; groups that are all right or all wrong belong in, because how hard a task is tells much about an answer.
 * Distinct answers are equally likely, however often they were given.
 */
export function pickToJudge(outcomes: readonly Outcome[], random: Random): Outcome[] {
  return [true, false].flatMap((right) => {
    const distinct = new Map<string, Outcome>();
    for (const outcome of outcomes) {
      if (outcome.finished && outcome.right === right && !distinct.has(outcome.answer)) distinct.set(outcome.answer, outcome);
    }
    return distinct.size > 0 ? [pick(random, [...distinct.values()])] : [];
  });
}
