import { shuffled, type Random } from '@redqueen/core';
import type { Outcome } from './outcomes.ts';

/** How many answers of a group the model judges. */
const mostJudged = 3;

/**
 * The attempts of a group that the model judges: distinct finished answers, equally likely however often they were given and whatever their outcome,
 * so that how often each kind of task is answered right is what it is in the population. Right and wrong are balanced over batches, not within groups:
 * how hard a task is tells much about an answer.
 */
export function pickToJudge(outcomes: readonly Outcome[], random: Random): Outcome[] {
  const distinct = new Map<string, Outcome>();
  for (const outcome of outcomes) if (outcome.finished && !distinct.has(outcome.answer)) distinct.set(outcome.answer, outcome);
  return shuffled(random, [...distinct.values()]).slice(0, mostJudged);
}
