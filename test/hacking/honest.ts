import { hash, randomOf, type Random, type Task } from '@redqueen/core';
import { environmentByName, generateIn, readTask } from '@redqueen/environments';
import { checkAnswer, rightAnswer } from '@redqueen/environments/truth';
import type { Turn } from '@redqueen/testkit';

/** The (family, level) that a proposer is asked for. */
export interface Arm {
  readonly environment: string;
  readonly family: string;
  readonly level: number;
}

/** Tasks of which it is agreed how hard they are; every other one is solved by half of the honest attempts. */
export type Difficulty = ReadonlyMap<string, 'impossible' | 'given-away'>;

/** A right answer to another task of the same kind that is no right answer to this one: wrong, and in good form. */
export function wrongAnswer(task: Task, random: Random): string {
  const environment = environmentByName(task.environment);
  for (let tries = 0; tries < 50; tries++) {
    const answer = rightAnswer(generateIn('train', environment, task, random));
    if (!checkAnswer(task, answer).correct) return answer;
  }
  return '';
}

/** A player without tricks proposes valid tasks of the right kind. */
export function honestProposal(arm: Arm, { seed, index }: Turn): string {
  return generateIn('train', environmentByName(arm.environment), arm, randomOf('honest proposal', arm.family, arm.level, seed, index))
    .canonical;
}

/** A player without tricks solves every second pair of its attempts, exactly half of them, and answers wrong in good form otherwise. */
export function honestAnswer(difficulty: Difficulty, { prompt, seed, index }: Turn): string {
  const task = readTask(prompt.slice(0, -1));
  if (!task) return '?';
  const random = randomOf('honest answer', prompt, seed, index);
  const hard = difficulty.get(task.canonical);
  const right = hard === 'given-away' || (hard === undefined && index % 4 < 2);
  return right ? rightAnswer(task) : wrongAnswer(task, random);
}

/** A judge without tricks: 0.8 for what is right and 0.2 for what is wrong, give or take 0.15. `prompt` is the verifier's. */
export function honestConfidence(prompt: string): number {
  const [canonical = '', answer = ''] = prompt.slice(1, -1).split('=');
  const task = readTask(canonical);
  const right = task !== undefined && checkAnswer(task, answer).correct;
  const noise = Number.parseInt(hash('judge', prompt).slice(0, 6), 16) / 0xffffff - 0.5;
  return (right ? 0.8 : 0.2) + 0.3 * noise;
}
