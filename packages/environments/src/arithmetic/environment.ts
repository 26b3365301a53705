import type { Environment, Family, Random, Split, Task } from '@redqueen/core';
import { drawUntil, requireFamily } from '../generating.ts';
import { singleAnswer, type SingleAnswerState } from '../single-answer.ts';
import { splitOfText } from '../splits.ts';
import { commutedText, familyOf, levelOf, ranges, readExpression, shapes, staysPositive } from './expression.ts';

const levels = [1, 2, 3];

const families: readonly Family[] = [
  { name: 'add', levels, symbol: '+', maxCanonical: 6, maxAnswer: 4 },
  { name: 'subtract', levels, symbol: '-', maxCanonical: 6, maxAnswer: 4 },
  { name: 'chain', levels, symbol: 't', maxCanonical: 8, maxAnswer: 4 },
  { name: 'multiply', levels, symbol: '*', maxCanonical: 5, maxAnswer: 5 },
];

function parse(text: string): Task | undefined {
  const expression = readExpression(text);
  const family = expression && familyOf(expression);
  const level = expression && family && levelOf(family, expression);
  if (!expression || !family || !level || !staysPositive(expression)) return undefined;
  return { environment: 'arithmetic', family, level, canonical: text };
}

/** A term of that many digits. */
function term(digits: number, random: Random): number {
  const { low, high } = ranges[digits - 1] ?? { low: 0, high: 0 };
  return low + random.integer(high - low + 1);
}

function sign(family: string, random: Random): string {
  if (family === 'chain') return random.integer(2) === 0 ? '+' : '-';
  return families.find(({ name }) => name === family)?.symbol ?? '+';
}

function generate(family: string, level: number, random: Random): Task {
  requireFamily(arithmetic, family, level);
  const shape = shapes[family]?.[level - 1] ?? [];
  return drawUntil(`${family} ${level}`, () =>
    parse(shape.map((digits, index) => `${index === 0 ? '' : sign(family, random)}${term(digits, random)}`).join('')),
  );
}

function splitOf(task: Task): Split {
  const expression = readExpression(task.canonical);
  return splitOfText(expression === undefined ? task.canonical : commutedText(expression));
}

/**
 * Sums, differences, chains of three terms and products of small whole numbers, answered by the number.
 * Levels go by the number of digits. Results are never negative. a + b and b + a are reserved for the same use.
 */
export const arithmetic: Environment<SingleAnswerState> = {
  name: 'arithmetic',
  families,
  generate,
  parse,
  splitOf,
  ...singleAnswer,
  actionsOf: (_task, answer) => (/^\d{1,4}$/.test(answer) ? [answer] : undefined),
};
