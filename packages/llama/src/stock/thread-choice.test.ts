import { expect, it } from 'vitest';
import { ThreadChoice } from './thread-choice.ts';

/** How many of `steps` steps ran on one thread, where a step takes the seconds that `cost` says. */
function singles(choice: ThreadChoice, steps: number, cost: (threads: number, rows: number) => number): number {
  let count = 0;
  for (let step = 0; step < steps; step++) {
    const threads = choice.next();
    const rows = 1 + (step % 16);
    choice.note(threads, rows, cost(threads, rows));
    if (threads === 1) count++;
  }
  return count;
}

it('keeps all threads while they help, and tries one only now and then', () => {
  const choice = new ThreadChoice(2);
  expect(singles(choice, 1000, (threads, rows) => (4 + rows) / threads)).toBeLessThan(25);
  expect(choice.current).toBe(2);
});

it('goes to one thread soon after the others began to wait, and back when they are free again', () => {
  const choice = new ThreadChoice(2);
  singles(choice, 300, (threads) => 1 / threads);
  expect(singles(choice, 1000, (threads) => (threads === 1 ? 1 : 8))).toBeGreaterThan(800);
  expect(choice.current).toBe(1);
  singles(choice, 400, (threads) => 1 / threads);
  expect(choice.current).toBe(2);
});

it('has no choice with one thread', () => {
  expect(singles(new ThreadChoice(1), 50, () => 1)).toBe(50);
});
