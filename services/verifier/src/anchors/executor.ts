import type { AnchorAttempts, AnchorItem } from '@redqueen/contract';
import { checkAnswer } from '@redqueen/environments/truth';
import { taskOf } from '@redqueen/runtime';
import { armResults, passFigures, type Measured, type Scored } from './result.ts';

function scoredAnswers(item: AnchorItem, first: number, end: number): Scored[] {
  const task = taskOf(item.spec);
  return item.answers.slice(first, end).map((answer, index) => ({
    ...task,
    passed: item.failures[first + index] === 'FAILURE_CLASS_OK' && checkAnswer(task, answer).correct,
  }));
}

/** Executor: right answers, greedy and sampled, overall, by environment and by family. Passed and arms: greedy. */
export function measureExecutor({ items }: AnchorAttempts): Measured {
  const greedy = items.flatMap((item) => scoredAnswers(item, 0, item.greedy));
  const sampled = items.flatMap((item) => scoredAnswers(item, item.greedy, item.answers.length));
  return {
    figures: [...passFigures('greedy', greedy), ...passFigures('sampled', sampled)],
    passed: greedy.map(({ passed }) => passed),
    arms: armResults(greedy),
    anchors: items.map(({ spec }) => taskOf(spec)),
  };
}
