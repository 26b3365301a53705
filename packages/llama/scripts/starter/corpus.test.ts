import { randomOf, type Task } from '@redqueen/core';
import { environmentByName, readTask, splitOfText } from '@redqueen/environments';
import { checkAnswer } from '@redqueen/environments/truth';
import { expect, test } from 'vitest';
import { lineOf, type Line } from './corpus.ts';
import { skills } from './skills.ts';

const linesPerSkill = 3000;
const random = randomOf('corpus test');
const lines = skills.flatMap((skill) => Array.from({ length: linesPerSkill }, () => ({ skill, ...lineOf(skill, 'train', random) })));

/** Every task that a line shows, read from its text without knowledge of how it was made. */
function tasksShown({ prompt, answer }: Line): readonly string[] {
  const text = prompt + answer;
  const shown = [/^v(.*)=.*\?[yn]$/, /^p..=(.*)\n$/, /^w(.{9})[01][udlr]=/, /^([^vpw][^=]*)=/].map((form) => form.exec(text)?.[1]);
  return shown.flatMap((part) => (part === undefined ? [] : [part, `m${part}`]));
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
    if (skill.role === 'executor') {
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
      prompt === `p${{ add: '+', subtract: '-', reverse: 'r', sort: 's', count: 'c', maze: 'm' }[task.family]}${task.level}=`
    );
  });
  expect(valid.length / proposals.length).toBeGreaterThan(0.72);
  expect(valid.length / proposals.length).toBeLessThan(0.88);
  for (const { prompt, answer } of lines) expect(prompt.length + answer.length).toBeLessThanOrEqual(21);
});

test('the develop split gives develop tasks only', () => {
  for (const skill of skills) {
    const line = lineOf(skill, 'develop', random);
    for (const task of tasksShown(line).map(readTask)) {
      if (task !== undefined && skill.role !== 'world-model') expect(environmentByName(task.environment).splitOf(task)).toBe('develop');
    }
  }
});
