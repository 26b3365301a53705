import { RedQueenError, type Check, type Task, type Truth } from '@redqueen/core';
import { arithmeticTruth } from './arithmetic/truth.ts';
import { gridTruth } from './grid/truth.ts';
import { stringsTruth } from './strings/truth.ts';

// Ground truth. Only the verifier service, the starter's corpus and tests may import this entry point.

const truths: readonly Truth[] = [arithmeticTruth, stringsTruth, gridTruth];

/** Truths of packages that this process has loaded, by <package>/<name>. */
const admitted = new Map<string, Truth>();

/** What is wrong with something that should be a truth side; undefined where nothing is. */
function faultOfTruth(value: unknown): string | undefined {
  const { name, check, oracle } = Object(value) as Partial<Truth>;
  if (typeof name !== 'string' || name === '') return 'name: must be the name of the environment that it judges';
  if (typeof check !== 'function') return 'check: must be a function of a task and an answer';
  if (typeof oracle !== 'function') return 'oracle: must be a function of a task';
  return undefined;
}

/** Makes what a package's truth entry exports as `truths` known to this process as <package>/<name>. Throws `invalid_argument` where it is no list of truths. */
export function admitTruths(packageName: string, truths: unknown): void {
  if (!Array.isArray(truths))
    throw new RedQueenError(
      'invalid_argument',
      `plugins: the package ${packageName} exports no truths; let ./truth export const truths = […]`,
    );
  for (const [index, truth] of (truths as readonly Truth[]).entries()) {
    const fault = faultOfTruth(truth);
    if (fault) throw new RedQueenError('invalid_argument', `plugins: the package ${packageName}: truths[${index}].${fault}`);
    const name = `${packageName}/${truth.name}`;
    admitted.set(name, { name, check: (task, answer) => truth.check(task, answer), oracle: (task) => truth.oracle(task) });
  }
}

/** The truth side of the environment of that name. Throws `not_found` listing the names that there are. */
export function truthByName(name: string): Truth {
  const found = truths.find((truth) => truth.name === name) ?? admitted.get(name);
  if (found === undefined) {
    const known = [...truths.map((truth) => truth.name), ...admitted.keys()].join(', ');
    const fix = name.includes('/') ? `add one of that name to the truths that its package exports as "./truth"` : `known are ${known}`;
    throw new RedQueenError('not_found', `no truth of an environment "${name}"; ${fix}`);
  }
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
