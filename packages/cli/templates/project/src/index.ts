import { definePlugin, type Environment, type Family, type Task } from '@redqueen/core';
import { singleAnswer, splitOfText, type SingleAnswerState } from '@redqueen/environments';

// What every role may know of a task: how to make one, to read one, and to read an answer. Which answer is right stands in truth.ts.

const families: readonly Family[] = [{ name: 'tens', levels: [1, 2], symbol: '+', maxCanonical: 6, maxAnswer: 4 }];

/** Reads "37+40", level 1, or "137+40", level 2: a number and some tens. */
function parse(text: string): Task | undefined {
  const level = /^[1-9]\d\+[1-9]0$/.test(text) ? 1 : /^1\d\d\+[1-9]0$/.test(text) ? 2 : undefined;
  return level && { environment: 'tens', family: 'tens', level, canonical: text };
}

/** Adding tens to a number. */
const tens: Environment<SingleAnswerState> = {
  name: 'tens',
  families,
  generate(_family, level, random) {
    const number = level === 1 ? 10 + random.integer(90) : 100 + random.integer(100);
    return parse(`${number}+${10 * (1 + random.integer(9))}`) as Task;
  },
  parse,
  splitOf: ({ canonical }) => splitOfText(canonical),
  actionsOf: (_task, answer) => (/^\d{1,3}$/.test(answer) ? [answer] : undefined),
  ...singleAnswer,
};

/** What Red Queen loads: a recipe names it <this package>/tens. */
export const plugins = [
  definePlugin({
    kind: 'environment',
    name: 'tens',
    source: 'our own',
    about: 'Numbers to which some tens are added.',
    create: () => tens as Environment,
  }),
];
