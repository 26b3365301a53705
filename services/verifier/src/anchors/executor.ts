import type { AnchorAttempts, AnchorItem, FigureInput } from '@redqueen/contract';
import { mean } from '@redqueen/core';
import { checkAnswer } from '@redqueen/environments/truth';
import { taskOf } from '@redqueen/runtime';
import { endorsementFigures } from './endorsements.ts';
import { armResults, groupedFigures, passFigures, type Measured, type Scored } from './result.ts';

function scoredAnswers(item: AnchorItem, first: number, end: number): Scored[] {
  const task = taskOf(item.spec);
  return item.answers.slice(first, end).map((answer, index) => ({
    ...task,
    passed: item.failures[first + index] === 'FAILURE_CLASS_OK' && checkAnswer(task, answer).correct,
  }));
}

/** pass@k (M. Chen et al. 2021, arXiv 2107.03374) with k = n: the share of tasks that any of several sampled answers solves; nothing for one sample. */
function passOfAny(items: readonly AnchorItem[]): FigureInput[] {
  const tried = items.filter(({ answers, greedy }) => answers.length - greedy > 1);
  const solved = tried.map((item): Scored => {
    const answers = scoredAnswers(item, item.greedy, item.answers.length);
    return { ...taskOf(item.spec), passed: answers.some(({ passed }) => passed) };
  });
  return passFigures('pass', solved);
}

/** Entropy of the policy per token, in nats: the mean of −log p over tokens sampled at temperature 1, whose expectation it is. */
function entropyOf(items: readonly AnchorItem[]): FigureInput[] {
  const sum = (members: readonly AnchorItem[], value: (item: AnchorItem) => number): number =>
    members.reduce((total, item) => total + value(item), 0);
  const meanSurprisal = (members: readonly AnchorItem[]): number =>
    sum(members, ({ surprisal }) => surprisal) / sum(members, ({ sampledTokens }) => sampledTokens);
  return groupedFigures('entropy', items, meanSurprisal, ({ spec }) => [taskOf(spec).family]);
}

/** Tool calls that gave a result, mean over the sampled answers; nothing where the driver has no tool. */
function callsOf(items: readonly AnchorItem[]): FigureInput[] {
  const tried = items.filter(({ toolCalls, answers, greedy }) => toolCalls !== undefined && answers.length > greedy);
  const callsPerAnswer = (members: readonly AnchorItem[]): number =>
    mean(members.map(({ toolCalls = 0, answers, greedy }) => toolCalls / (answers.length - greedy)));
  return groupedFigures('calls', tried, callsPerAnswer, ({ spec }) => [taskOf(spec).family]);
}

/**
 * Executor: right answers, greedy and sampled (the first sample), overall, by environment and by family; the entropy of what it samples; with a tool how often it is called; with several
 * samples also whether any is right, and how often two that agree are. Passed and arms: greedy.
 */
export function measureExecutor({ items }: AnchorAttempts): Measured {
  const greedy = items.flatMap((item) => scoredAnswers(item, 0, item.greedy));
  const sampled = items.flatMap((item) => scoredAnswers(item, item.greedy, item.greedy + 1));
  return {
    figures: [
      ...passFigures('greedy', greedy),
      ...passFigures('sampled', sampled),
      ...passOfAny(items),
      ...endorsementFigures(items),
      ...entropyOf(items),
      ...callsOf(items),
    ],
    passed: greedy.map(({ passed }) => passed),
    arms: armResults(greedy),
    anchors: items.map(({ spec }) => taskOf(spec)),
  };
}
