import { randomOf, type Task } from '@redqueen/core';
import { calculatorText, environmentByName, readTask, splitOfText } from '@redqueen/environments';
import { checkAnswer, rightAnswer } from '@redqueen/environments/truth';
import { describe, expect, test } from 'vitest';
import { lineOf } from './corpus.ts';
import type { Line } from './line.ts';
import { type SkillSet, skillSets } from './skills.ts';

const linesPerSkill = 3000;
const sets: readonly (readonly [string, SkillSet])[] = Object.entries(skillSets);

/** Training lines of every skill of a set. */
function linesOf(set: SkillSet) {
  const random = randomOf('corpus test');
  return set.skills.flatMap((skill) => Array.from({ length: linesPerSkill }, () => ({ skill, ...lineOf(set, skill, 'train', random) })));
}

/** Every task that a line shows, read from its text without knowledge of how it was made. */
function tasksShown({ prompt, answer }: Line): readonly string[] {
  const text = prompt + answer;
  const shown = [/^v(.*)=.*\?[yn]$/, /^p..=(.*)\n$/, /^w(.{9})[01][udlr]=/, /^([^vpw][^=]*)=/].map((form) => form.exec(text)?.[1]);
  const called = [...text.matchAll(/\{([^}\n]*)[}\n]/g)].map(([, code]) => code);
  return [...shown, ...called].flatMap((part) => (part === undefined ? [] : [part, `m${part}`]));
}

/**
 * The task and, where terms can change places, its twin. A damaged proposal that is no task of any level ("5+28") shows no answer
 * and could not be asked: it has no twin.
 */
function withTwin(line: Line, text: string): readonly string[] {
  const sum = /^(\d+)\+(\d+)$/.exec(text);
  const damaged = line.prompt.startsWith('p') && readTask(text) === undefined;
  return sum && !damaged ? [text, `${sum[2]}+${sum[1]}`] : [text];
}

const isHeldOut = (task: Task): boolean => environmentByName(task.environment).splitOf(task) !== 'train';

describe.each(sets)('the text of the %s starter', (_name, set) => {
  const lines = linesOf(set);

  test('no line shows a held-out task, in whatever role or order of terms', () => {
    let shown = 0;
    for (const line of lines) {
      for (const text of tasksShown(line).flatMap((shownText) => withTwin(line, shownText))) {
        const task = readTask(text);
        if (task === undefined) continue;
        shown++;
        if (isHeldOut(task)) expect.fail(`"${line.prompt}${line.answer}" shows ${text}, which is held out`);
      }
      if (line.prompt.startsWith('w') && splitOfText(line.prompt) !== 'train')
        expect.fail(`${line.prompt} is a held-out question to the world model`);
    }
    expect(shown).toBeGreaterThan(0.9 * lines.length);
  });

  test('lines of the executor and verifier tell the truth', () => {
    for (const { skill, prompt, answer } of lines) {
      if (skill.role === 'executor' && !answer.startsWith(calculatorText.open)) {
        const task = readTask(prompt.slice(0, -1)) as Task;
        expect(checkAnswer(task, answer.slice(0, -1)).correct).toBe(true);
        expect(`${task.family} ${task.level}`).toBe(skill.name);
      }
      if (skill.role === 'verifier') {
        const [, text, claimed] = /^v(.*)=(.*)\?$/.exec(prompt) ?? [];
        expect(checkAnswer(readTask(text ?? '') as Task, claimed ?? '').correct).toBe(answer === 'y');
      }
    }
  });

  test('about three quarters of the proposals are valid for their slot, and no line is longer than its batch', () => {
    const proposals = lines.filter(({ skill }) => skill.role === 'proposer');
    const valid = proposals.filter(({ prompt, answer }) => {
      const task = readTask(answer.slice(0, -1));
      return (
        task !== undefined &&
        prompt ===
          `p${{ add: '+', subtract: '-', reverse: 'r', sort: 's', count: 'c', maze: 'm', chain: 't', multiply: '*' }[task.family]}${task.level}=`
      );
    });
    expect(valid.length / proposals.length).toBeGreaterThan(0.72);
    expect(valid.length / proposals.length).toBeLessThan(0.88);
    for (const { prompt, answer } of lines) expect(prompt.length + answer.length).toBeLessThanOrEqual(set.callShare > 0 ? 43 : 21);
  });

  test('the develop split gives develop tasks only', () => {
    for (const skill of set.skills) {
      const line = lineOf(set, skill, 'develop', randomOf('develop lines'));
      for (const task of tasksShown(line).map(readTask)) {
        if (task !== undefined && skill.role !== 'world-model') expect(environmentByName(task.environment).splitOf(task)).toBe('develop');
      }
    }
  });
});

describe('calls of the calculator', () => {
  const set = skillSets.tools;
  const lines = linesOf(set).filter(({ skill }) => skill.arm?.environment === 'arithmetic');
  const calls = lines.filter(({ answer }) => answer.startsWith(calculatorText.open));

  test('are as many as the set says, and about seven in ten of them have a value', () => {
    expect(calls.length / lines.length).toBeCloseTo(set.callShare, 1);
    const working = calls.filter(({ prompt, answer }) => answer === calculatorText.call(prompt.slice(0, -1)));
    expect(working.length / calls.length).toBeCloseTo(0.7, 1);
  });

  test('end with the sign that ends the turn, or were never closed', () => {
    for (const { answer } of calls) expect(answer).toMatch(/^\{[^{}]+(\}|\n)$/);
  });

  test('what comes back is the value of the task, and only ever in a prompt', () => {
    const after = linesOf(set).filter(({ skill }) => skill.role === 'tool');
    for (const { prompt, answer } of after) {
      const task = readTask(prompt.slice(0, prompt.indexOf('='))) as Task;
      const back = /.*>(.*);$/.exec(prompt)?.[1] ?? '';
      if (back !== calculatorText.failed) expect(checkAnswer(task, back).correct).toBe(true);
      expect([`${back === calculatorText.failed ? rightAnswer(task) : back}\n`, calculatorText.call(task.canonical)]).toContain(answer);
      expect(answer).not.toMatch(/[>;]/);
    }
  });
});
