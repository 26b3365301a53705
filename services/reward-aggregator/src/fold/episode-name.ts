import type { EpisodeKind } from '@redqueen/core';

/** What an episode's id says: "<tick>.<index>.<proposal>", with "/r" for a rejected proposal and "/w" for predictions. */
export interface EpisodeName {
  readonly id: string;
  readonly kind: EpisodeKind;
  /** The task that it belongs to: the id without its ending. */
  readonly task: string;
  /** The slot; empty for a task that no slot asked for. */
  readonly slot: string;
  /** Index of the proposal within its slot; 0 where there is no slot. */
  readonly index: number;
  /** The curriculum's tick; −1 where there is no slot. */
  readonly tick: number;
}

const slotTask = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})$/;
const slotPattern = /^\d{1,9}\.\d{1,9}$/;
const kinds: Readonly<Record<string, EpisodeKind>> = { '/r': 'rejected', '/w': 'prediction' };

/** Reads an episode's id; never throws. */
export function episodeName(id: string): EpisodeName {
  const kind = kinds[id.slice(-2)] ?? 'task';
  const task = kind === 'task' ? id : id.slice(0, -2);
  const match = slotTask.exec(task);
  if (!match) return { id, kind, task, slot: '', index: 0, tick: -1 };
  return { id, kind, task, slot: `${match[1]}.${match[2]}`, index: Number(match[3]), tick: Number(match[1]) };
}

/** Whether the text is "<tick>.<index>". */
export function isSlotId(text: string): boolean {
  return slotPattern.test(text);
}
