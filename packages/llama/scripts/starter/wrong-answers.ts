import { pick, type Random, type Task } from '@redqueen/core';
import { checkAnswer, rightAnswer } from '@redqueen/environments/truth';

/** Draws before a task counts as one without a plausible wrong answer. */
const patience = 50;

/** A number near the right one: a little off, a ten off, or any. */
function wrongNumber(right: number, random: Random): string {
  const kind = random.uniform();
  const sign = random.integer(2) === 0 ? 1 : -1;
  if (kind < 0.4) return String(Math.abs(right + sign * (1 + random.integer(3))));
  return String(kind < 0.8 ? Math.abs(right + sign * 10) : random.integer(200));
}

/** Letters with two of them exchanged or one replaced. */
function wrongLetters(right: string, random: Random): string {
  const letters = right.split('');
  const [first, second] = [random.integer(letters.length), random.integer(letters.length)];
  if (random.integer(2) === 0) letters[first] = pick(random, 'abcdefghij'.split(''));
  else [letters[first], letters[second]] = [letters[second] ?? '', letters[first] ?? ''];
  return letters.join('');
}

/** A plan with one move replaced, or of other moves altogether. */
function wrongPlan(right: string, random: Random): string {
  const moves = 'udlr'.split('');
  const plan = right.split('');
  if (random.uniform() < 0.6) {
    plan[random.integer(plan.length)] = pick(random, moves);
    return plan.join('');
  }
  const length = Math.max(1, right.length + (random.uniform() < 0.3 ? random.integer(3) - 1 : 0));
  return Array.from({ length }, () => pick(random, moves)).join('');
}

function candidate(task: Task, right: string, random: Random): string {
  if (task.environment === 'grid') return wrongPlan(right, random);
  if (task.family === 'count') return String(Math.max(0, Number(right) + (random.integer(2) === 0 ? 1 : -1)));
  return task.environment === 'arithmetic' ? wrongNumber(Number(right), random) : wrongLetters(right, random);
}

/** A wrong answer of the kind that a half-trained model gives; undefined where none was found. */
export function wrongAnswer(task: Task, random: Random): string | undefined {
  const right = rightAnswer(task);
  for (let tries = 0; tries < patience; tries++) {
    const answer = candidate(task, right, random);
    if (!checkAnswer(task, answer).correct) return answer;
  }
  return undefined;
}
