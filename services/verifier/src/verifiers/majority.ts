import { definePlugin, type Answered, type Opinion } from '@redqueen/core';
import { z } from 'zod';

/** How many finished answers are the same as each; 0 for one that did not finish, which agrees with nothing. */
function votesOf(answers: readonly Answered[]): number[] {
  const votes = new Map<string, number>();
  for (const { answer, finished = true } of answers) if (finished) votes.set(answer, (votes.get(answer) ?? 0) + 1);
  return answers.map(({ answer, finished = true }) => (finished ? (votes.get(answer) ?? 0) : 0));
}

/**
 * The opinions of one task's answers: the answer that most of them give counts as right, of several the one that came first. Confidence is the share of
 * the answers, unfinished ones included, that say the same.
 */
export function majorityOf(answers: readonly Answered[]): Opinion[] {
  const votes = votesOf(answers);
  const most = Math.max(0, ...votes);
  const winner = most > 0 ? answers[votes.indexOf(most)]?.answer : undefined;
  return answers.map(({ answer, finished = true }, index) => ({
    confidence: (votes[index] ?? 0) / answers.length,
    outcome: finished && answer === winner ? 1 : 0,
    firstBadStep: -1,
  }));
}

/** Answers of each task apart, each in its own order. */
function byTask(answers: readonly Answered[]): Answered[][] {
  return [...Map.groupBy(answers, ({ task }) => `${task.environment} ${task.canonical}`).values()];
}

/** Majority vote of a task's own attempts: the pseudo-label of loops that have no ground truth. It can be wrong, and then teaches what is wrong. */
export const majority = definePlugin({
  kind: 'verifier',
  name: 'majority',
  source: 'self-consistency: Wang et al. 2022 (2203.11171); as a label R-Zero (2508.05004), TTRL (2504.16084)',
  about: 'Takes the answer that most attempts give for the right one.',
  options: z.strictObject({}),
  create: () => ({
    name: 'majority',
    async verify(_asked, answers) {
      const opinions = new Map<Answered, Opinion>();
      for (const group of byTask(answers))
        for (const [index, opinion] of majorityOf(group).entries()) opinions.set(group[index] as Answered, opinion);
      return answers.map((answer) => opinions.get(answer) as Opinion);
    },
  }),
});
