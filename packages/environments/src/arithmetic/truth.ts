import { RedQueenError, type Task, type Truth } from '@redqueen/core';
import { readExpression } from './expression.ts';

/** The value of the expression as text. Products never mix with sums, so working from the left is right. */
function oracle(task: Task): string {
  const expression = readExpression(task.canonical);
  if (expression === undefined) throw new RedQueenError('invalid_argument', `"${task.canonical}" is no arithmetic task`);
  const [first = 0, ...rest] = expression.terms;
  const value = rest.reduce((total, term, index) => {
    const sign = expression.signs[index];
    return sign === '*' ? total * term : sign === '-' ? total - term : total + term;
  }, first);
  return String(value);
}

/** The truth side of `arithmetic`. The answer must be the number without leading zeros. */
export const arithmeticTruth: Truth = {
  name: 'arithmetic',
  check: (task, answer) => {
    const correct = answer === oracle(task);
    return { correct, firstBadStep: correct ? -1 : 0 };
  },
  oracle,
};
