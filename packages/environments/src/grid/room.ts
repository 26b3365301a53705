import { RedQueenError, type StepResult } from '@redqueen/core';

/** A square room with the agent in it. */
export interface Room {
  /** Row by row: A agent, G goal, # wall, K key, D door, . free. The goal is covered by the agent once it is reached. */
  readonly cells: string;
  /** 1 where the agent holds the key. */
  readonly inventory: 0 | 1;
}

/** The moves, by letter: up, down, left, right. */
export const moves: readonly string[] = ['u', 'd', 'l', 'r'];

const directions: Readonly<Record<string, { readonly x: number; readonly y: number }>> = {
  u: { x: 0, y: -1 },
  d: { x: 0, y: 1 },
  l: { x: -1, y: 0 },
  r: { x: 1, y: 0 },
};

/** Side of a square room. */
export function sideOf(cells: string): number {
  return Math.sqrt(cells.length);
}

/** The cell that a move leads to; undefined where it leaves the room. */
function target(cells: string, from: number, action: string): number | undefined {
  const direction = directions[action];
  if (direction === undefined) throw new RedQueenError('invalid_argument', `grid: "${action}" is no move; moves are ${moves.join(' ')}`);
  const side = sideOf(cells);
  const x = (from % side) + direction.x;
  const y = Math.floor(from / side) + direction.y;
  return x < 0 || y < 0 || x >= side || y >= side ? undefined : y * side + x;
}

/** The room after the agent went from one cell to another. */
function walked(room: Room, from: number, to: number): Room {
  const cells = room.cells.split('');
  cells[from] = '.';
  cells[to] = 'A';
  return { cells: cells.join(''), inventory: room.cells[to] === 'K' ? 1 : room.inventory };
}

/** A step's outcome as a world model predicts it: the agent's cell (as many digits as the last cell has), inventory, event. */
function outcomeText(room: Room, event: string): string {
  const digits = String(room.cells.length - 1).length;
  return `${String(room.cells.indexOf('A')).padStart(digits, '0')}${room.inventory}${event}`;
}

/** Whether the goal was reached. */
export function isDone(room: Room): boolean {
  return !room.cells.includes('G');
}

/**
 * One move. Walls, the room's edge and a door without the key stop the agent where it stands (event "#");
 * otherwise the event is what the entered cell held. Throws `failed_precondition` once the goal is reached, `invalid_argument` for no move.
 */
export function move(room: Room, action: string): StepResult<Room> {
  if (isDone(room)) throw new RedQueenError('failed_precondition', 'grid: the goal was reached already; reset the task first');
  const from = room.cells.indexOf('A');
  const to = target(room.cells, from, action);
  const met = to === undefined ? '#' : (room.cells[to] ?? '#');
  if (to === undefined || met === '#' || (met === 'D' && room.inventory === 0))
    return { state: room, outcome: outcomeText(room, '#'), done: false };
  const state = walked(room, from, to);
  return { state, outcome: outcomeText(state, met), done: met === 'G' };
}

/** The room as text: its cells and the inventory. */
export function snapshotRoom(room: Room): string {
  return `${room.cells}${room.inventory}`;
}

/** The room that the text describes. Throws `invalid_argument` for a text that is no snapshot. */
export function restoreRoom(text: string): Room {
  const cells = text.slice(0, -1);
  const side = sideOf(cells);
  if (!/^[.#AGKD]+[01]$/.test(text) || !Number.isInteger(side) || cells.split('A').length !== 2) {
    throw new RedQueenError('invalid_argument', `grid: "${text}" is no snapshot of a square room with one agent`);
  }
  return { cells, inventory: text.endsWith('1') ? 1 : 0 };
}
