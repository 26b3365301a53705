import type { RunReport } from '@redqueen/sdk';
import { changeText, figureName, valueText } from './figures.ts';
import { textTable } from './text-table.ts';

type Row = RunReport['heldOut'][number];

function withInterval(figure: string, { value, low, high }: Row['before']): string {
  const text = valueText(figure, value);
  return low === undefined || high === undefined ? text : `${text} [${(low * 100).toFixed(0)}–${(high * 100).toFixed(0)}]`;
}

/** The before/after table of a run: a line a role, environment and figure; with `families` a line a family as well. */
export function heldOutTable(report: RunReport, families: boolean): string[] {
  const rows = report.heldOut.filter(({ family }) => families || family === '');
  if (rows.length === 0) return ['No held-out figures were measured.'];
  const cells = rows.map((row) => [
    row.role,
    row.family === '' ? row.environment : `${row.environment} ${row.family}`,
    figureName(row.figure),
    withInterval(row.figure, row.before),
    withInterval(row.figure, row.after),
    changeText(row.figure, row.after.value - row.before.value),
    String(row.after.count),
  ]);
  return textTable(['role', 'where', 'held-out figure', 'before', 'after', 'change', 'n'], cells, [
    'left',
    'left',
    'left',
    'right',
    'right',
    'right',
    'right',
  ]);
}

/** What a program gets of the held-out figures: role → environment → figure → before and after with their sample sizes. */
export function heldOutJson(report: RunReport): Record<string, Record<string, Record<string, unknown>>> {
  const roles: Record<string, Record<string, Record<string, unknown>>> = {};
  for (const { role, environment, family, figure, before, after } of report.heldOut) {
    const place = family === '' ? environment : `${environment}.${family}`;
    const figures = ((roles[role] ??= {})[place] ??= {});
    figures[figure] = { before: before.value, beforeCount: before.count, after: after.value, afterCount: after.count };
  }
  return roles;
}
