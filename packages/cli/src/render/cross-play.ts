import { figureText } from '@redqueen/core';
import type { RunReport } from '@redqueen/sdk';
import { textTable } from './text-table.ts';

type CrossPlay = NonNullable<RunReport['crossPlay']>;

function cellText(cell: CrossPlay['cells'][number] | undefined): string {
  if (!cell) return 'no answer';
  if (!cell.greedy) return 'no task';
  const sampled = cell.sampled ? ` / ${figureText('sampled', cell.sampled.value)}` : '';
  return `${figureText('greedy', cell.greedy.value)}${sampled} (${cell.greedy.count})`;
}

/** Executor versions (rows) at the tasks of proposer versions (columns): greedy / sampled (tasks). Empty where nothing was played. */
export function crossPlayTable({ crossPlay }: RunReport): string[] {
  if (!crossPlay) return [];
  const rows = crossPlay.executors.map((executor) => [
    `executor v${executor}`,
    ...crossPlay.proposers.map((proposer) =>
      cellText(crossPlay.cells.find((cell) => cell.executor === executor && cell.proposer === proposer)),
    ),
  ]);
  const header = ['right at tasks of', ...crossPlay.proposers.map((proposer) => `proposer v${proposer}`)];
  return textTable(header, rows, ['left', ...crossPlay.proposers.map(() => 'right' as const)]);
}
