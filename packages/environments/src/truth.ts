import { RedQueenError, type Check, type Task, type Truth } from '@redqueen/core';
import { arithmeticTruth } from './arithmetic/truth.ts';
import { gridTruth } from './grid/truth.ts';
import { stringsTruth } from './strings/truth.ts';

// Ground truth. Only the verifier service, the starter's corpus and tests may import this entry point.

const truths: readonly Truth[] = [arithmeticTruth, stringsTruth, gridTruth];

/** The truth side of the environment of that name. Throws `not_found` listing the names that there are. */
export function truthByName(name: string): Truth {
  const found = truths.find((truth) => truth.name === name);
  if (found === undefined)
    throw new RedQueenError('not_found', `no truth of an environment "${name}"; known are ${truths.map((truth) => truth.name).join(', ')}`);
  return found;
}

/** Whether an answer (without its stop byte) is right, and where it first goes wrong. */
export function checkAnswer(task: Task, answer: string): Check {
  return truthByName(task.environment).check(task, answer);
}

/** A right answer to the task. */
export function rightAnswer(task: Task): string {
  return truthByName(task.environment).oracle(task);
}
