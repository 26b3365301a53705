import { pick, type Environment, type Family, type Random, type Task } from '@redqueen/core';
import { requireFamily } from '../generating.ts';
import { singleAnswer, type SingleAnswerState } from '../single-answer.ts';
import { splitOfText } from '../splits.ts';

const levels = [1, 2, 3];

const families: readonly Family[] = [
  { name: 'reverse', levels, symbol: 'r', maxCanonical: 6, maxAnswer: 6 },
  { name: 'sort', levels, symbol: 's', maxCanonical: 6, maxAnswer: 6 },
  { name: 'count', levels, symbol: 'c', maxCanonical: 8, maxAnswer: 2 },
];

function letters(alphabet: string, count: number, random: Random): string {
  return Array.from({ length: count }, () => pick(random, alphabet.split(''))).join('');
}

function parse(text: string): Task | undefined {
  const ordering = /^([rs])([a-j]{3,5})$/.exec(text);
  if (ordering)
    return { environment: 'strings', family: ordering[1] === 'r' ? 'reverse' : 'sort', level: text.length - 3, canonical: text };
  if (/^c[a-d][a-d]{4,6}$/.test(text)) return { environment: 'strings', family: 'count', level: text.length - 5, canonical: text };
  return undefined;
}

function generate(family: string, level: number, random: Random): Task {
  const { symbol } = requireFamily(strings, family, level);
  const canonical = family === 'count' ? `c${letters('abcd', level + 4, random)}` : `${symbol}${letters('abcdefghij', level + 2, random)}`;
  return { environment: 'strings', family, level, canonical };
}

/**
 * Reverse or sort 3 to 5 letters of a-j ("rabcd", "sdbca"), or count the first letter in the 4 to 6 letters of a-d that follow it ("caabacd").
 * Levels go by length.
 */
export const strings: Environment<SingleAnswerState> = {
  name: 'strings',
  families,
  generate,
  parse,
  splitOf: (task) => splitOfText(task.canonical),
  ...singleAnswer,
  actionsOf: (task, answer) => ((task.family === 'count' ? /^\d$/ : /^[a-j]{1,5}$/).test(answer) ? [answer] : undefined),
};
