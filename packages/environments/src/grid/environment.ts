import type { Environment, Family, Random, Task } from '@redqueen/core';
import { drawUntil, requireFamily } from '../generating.ts';
import { executorPrompt } from '../prompts.ts';
import { splitOfText } from '../splits.ts';
import { isDone, move, moves, restoreRoom, sideOf, snapshotRoom, type Room } from './room.ts';
import { canReach } from './search.ts';

const levels = [1, 2, 3];

/** The family of square rooms with that side. */
function rooms(name: string, symbol: string, side: number): Family {
  return { name, symbol, levels, maxCanonical: 1 + side ** 2, maxAnswer: 2 * side + 1 };
}

const families: readonly Family[] = [rooms('maze', 'm', 3), rooms('maze4', 'n', 4), rooms('maze5', 'o', 5)];

/** The room in which an attempt at the canonical form begins. */
export function startOf(canonical: string): Room {
  return { cells: canonical.slice(1), inventory: 0 };
}

/** Moves that an answer may have. */
export function maxMoves(room: Room): number {
  return 2 * sideOf(room.cells);
}

function parse(text: string): Task | undefined {
  const family = families.find(({ symbol, maxCanonical }) => text.startsWith(symbol) && text.length === maxCanonical);
  const room = startOf(text);
  if (family === undefined || !/^[.#AGKD]+$/.test(room.cells)) return undefined;
  const count = (cell: string): number => room.cells.split(cell).length - 1;
  if (count('A') !== 1 || count('G') !== 1 || count('K') > 1 || count('K') !== count('D')) return undefined;
  if (!canReach(room, maxMoves(room))) return undefined;
  return { environment: 'grid', family: family.name, level: levelOf(room.cells), canonical: text };
}

function levelOf(cells: string): number {
  if (cells.includes('D')) return 3;
  return cells.includes('#') ? 2 : 1;
}

/** The rest of the way as a task: to who holds the key, the door is a free cell. */
function remaining(room: Room): Task | undefined {
  if (isDone(room)) return undefined;
  const cells = room.inventory === 1 ? room.cells.replaceAll('D', '.') : room.cells;
  const family = families.find(({ maxCanonical }) => maxCanonical === cells.length + 1);
  return family && { environment: 'grid', family: family.name, level: levelOf(cells), canonical: `${family.symbol}${cells}` };
}

/** Puts a piece on a random free cell. */
function place(cells: string[], piece: string, random: Random): void {
  const at = drawUntil('free cell', () => {
    const candidate = random.integer(cells.length);
    return cells[candidate] === '.' ? candidate : undefined;
  });
  cells[at] = piece;
}

function wallsOf(level: number, side: number, random: Random): number {
  if (level === 1) return 0;
  return level === 2 ? 1 + random.integer(side) : random.integer(side);
}

function generate(family: string, level: number, random: Random): Task {
  const { symbol, maxCanonical } = requireFamily(grid, family, level);
  return drawUntil(`${family} ${level}`, () => {
    const cells = Array.from({ length: maxCanonical - 1 }, () => '.');
    for (const piece of level === 3 ? 'AGKD' : 'AG') place(cells, piece, random);
    const walls = wallsOf(level, Math.sqrt(cells.length), random);
    for (let wall = 0; wall < walls; wall++) place(cells, '#', random);
    return parse(`${symbol}${cells.join('')}`);
  });
}

/**
 * Find the way from A to G in a square room, answered by the moves ("rdd"), as a whole plan or step by step.
 * Level 1 is empty, level 2 has walls, level 3 a door and its key. A plan has at most twice as many moves as the room's side.
 */
export const grid: Environment<Room> = {
  name: 'grid',
  families,
  generate,
  parse,
  prompt: executorPrompt,
  splitOf: (task) => splitOfText(task.canonical),
  reset: (task) => startOf(task.canonical),
  actions: (state) => (isDone(state) ? [] : moves),
  step: move,
  snapshot: snapshotRoom,
  restore: restoreRoom,
  actionsOf: (task, answer) =>
    /^[udlr]+$/.test(answer) && answer.length <= maxMoves(startOf(task.canonical)) ? answer.split('') : undefined,
  remaining,
};
