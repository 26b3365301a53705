import { RedQueenError, type Task, type Truth } from '@redqueen/core';
import { maxMoves, startOf } from './environment.ts';
import { isDone, move, moves, type Room } from './room.ts';
import { canReach } from './search.ts';

/** Fewest moves to the goal. */
function distance(room: Room, task: Task): number {
  for (let within = 0; within <= maxMoves(room); within++) if (canReach(room, within)) return within;
  throw new RedQueenError('invalid_argument', `"${task.canonical}" cannot be solved`);
}

/** The shortest plan; of several the first in the order u d l r. */
function oracle(task: Task): string {
  let room = startOf(task.canonical);
  let plan = '';
  for (let left = distance(room, task) - 1; left >= 0; left--) {
    const from = room;
    const action = moves.find((candidate) => canReach(move(from, candidate).state, left)) ?? 'u';
    room = move(room, action).state;
    plan += action;
  }
  return plan;
}

/**
 * The first move after which the goal is out of reach within the moves that are left, or that comes after the goal;
 * the number of moves where the plan only ends too early; -1 where it is right.
 */
function firstBadStep(task: Task, answer: string): number {
  let room = startOf(task.canonical);
  const limit = maxMoves(room);
  for (const [index, action] of answer.split('').entries()) {
    if (isDone(room) || !moves.includes(action)) return index;
    room = move(room, action).state;
    if (!canReach(room, limit - index - 1)) return index;
  }
  return isDone(room) ? -1 : answer.length;
}

/** The truth side of `grid`: any plan of legal length whose last move enters the goal is right. */
export const gridTruth: Truth = {
  name: 'grid',
  check: (task, answer) => {
    const step = firstBadStep(task, answer);
    return { correct: step === -1, firstBadStep: step };
  },
  oracle,
};
