import type { Task } from '@redqueen/core';
import { environmentByName, requireFamily } from '@redqueen/environments';
import type { DiscussionForm, Said, Score } from './form.ts';

function prompt(task: Task): string {
  return environmentByName(task.environment).prompt(task);
}

/** What an own answer says of a solution and of another answer. */
function scoreOf(answer: string, solution: Said, evaluation: Said | undefined): Score {
  // There is nothing in it to agree with: whoever can answer contradicts it.
  if (!solution.readable) return 1;
  if (answer === solution.text) return 3;
  return evaluation?.readable && answer === evaluation.text ? 1 : 2;
}

/**
 * Acts in a model's native form, for models that know answers and no talk: our form. An evaluation is the evaluator's own answer to the same task, which
 * endorses the solution where it is the same; a scoring is the scorer's own answer, which says 3 where it is the solution, 1 where it is the other answer of
 * the evaluation, and else 2. What does not end, or cannot be read, is no scoring: there is no value that stands in for it.
 */
export const answers: DiscussionForm = {
  name: 'answers',
  evaluationPrompt: prompt,
  scoringPrompt: prompt,
  maxTokens: (task) => requireFamily(environmentByName(task.environment), task.family).maxAnswer,
  isReadable: (task, text) => environmentByName(task.environment).actionsOf(task, text) !== undefined,
  score: scoreOf,
};
