import type { AnchorItem, FigureInput } from '@redqueen/contract';
import { checkAnswer } from '@redqueen/environments/truth';
import { taskOf } from '@redqueen/runtime';
import { passFigures, type Scored } from './result.ts';

/** Every pair of sampled answers to a task that are the same and ended. */
function pairsOf(item: AnchorItem): Scored[] {
  const task = taskOf(item.spec);
  const ended = item.answers.filter((_, index) => index >= item.greedy && item.failures[index] === 'FAILURE_CLASS_OK');
  return ended.flatMap((answer, first) =>
    ended.flatMap((other, second): Scored[] =>
      second > first && other === answer ? [{ ...task, passed: checkAnswer(task, answer).correct }] : [],
    ),
  );
}

/**
 * What it would be worth if a policy scored answers by its own: of the pairs of sampled answers to one task that agree, the share that is right (the
 * precision of such a judge). It is only watched: where agreement is the reward, it says what the reward is worth. Nothing where each task has one sample.
 */
export function endorsementFigures(items: readonly AnchorItem[]): FigureInput[] {
  return passFigures('endorsed', items.flatMap(pairsOf));
}
