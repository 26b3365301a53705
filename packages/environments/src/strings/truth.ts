import { RedQueenError, type Task, type Truth } from '@redqueen/core';

function oracle(task: Task): string {
  const [symbol, ...letters] = task.canonical;
  if (symbol === 'r') return letters.reverse().join('');
  if (symbol === 's') return letters.sort().join('');
  if (symbol === 'c') return String(letters.slice(1).filter((letter) => letter === letters[0]).length);
  throw new RedQueenError('invalid_argument', `"${task.canonical}" is no strings task`);
}

/** The truth side of `strings`. */
export const stringsTruth: Truth = {
  name: 'strings',
  check: (task, answer) => {
    const correct = answer === oracle(task);
    return { correct, firstBadStep: correct ? -1 : 0 };
  },
  oracle,
};
