import { figureChange, figureKind, figureText } from '@redqueen/core';
import type { RunReport } from '@redqueen/sdk';
import { textTable } from './text-table.ts';

type Row = RunReport['heldOut'][number];

function withInterval(figure: string, { value, low, high }: Row['before']): string {
  const text = figureText(figure, value);
  return low === undefined || high === undefined ? text : `${text} [${(low * 100).toFixed(0)}–${(high * 100).toFixed(0)}]`;
}

/** Where all anchors come from one environment, its row says the same as that of all of them. */
function isRepeated(row: Row, rows: readonly Row[]): boolean {
  const same = rows.filter(({ role, figure, family }) => role === row.role && figure === row.figure && family === '');
  return row.environment === 'all' && same.length === 2;
}

/** The before/after table of a run: a line a role, environment and figure; with `families` a line a family as well. */
export function heldOutTable(report: RunReport, families: boolean): string[] {
  const rows = report.heldOut.filter((row) => (families || row.family === '') && !isRepeated(row, report.heldOut));
  if (rows.length === 0) return ['No held-out figures were measured.'];
  const cells = rows.map((row) => [
    row.role,
    row.family === '' ? row.environment : `${row.environment} ${row.family}`,
    figureKind(row.figure).name,
    withInterval(row.figure, row.before),
    withInterval(row.figure, row.after),
    figureChange(row.figure, row.after.value - row.before.value),
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
