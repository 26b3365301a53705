import type { RunReport } from '@redqueen/sdk';

type Row = RunReport['heldOut'][number];
type Measured = Row['before'];

/** A figure before and after a run. */
export interface Change {
  readonly before: Measured;
  readonly after: Measured;
}

/**
 * The row that a figure's name means: "executor.sampled" the role's whole, "executor.sampled.add" a family, "executor.sampled.arithmetic" an environment.
 * Undefined where it was not measured.
 */
export function findChange(report: RunReport, figure: string): Change | undefined {
  const [role, name, place] = figure.split('.');
  const rows = report.heldOut.filter((row) => row.role === role && row.figure === name);
  if (place !== undefined)
    return rows.find((row) => row.family === place) ?? rows.find((row) => row.environment === place && row.family === '');
  const whole = rows.filter((row) => row.family === '');
  return whole.find((row) => row.environment === 'all') ?? (whole.length === 1 ? whole[0] : undefined);
}

/** Names of the figures that a report holds for its roles as a whole. */
export function wholeFigures(report: RunReport): string[] {
  return [...new Set(report.heldOut.map(({ role, figure }) => `${role}.${figure}`))].filter((figure) => findChange(report, figure));
}

/**
 * 95 % interval of the difference of two proportions by Newcombe's method (1998, method 10): made of the two Wilson intervals.
 * Undefined where one of them has none. It takes the two samples as independent, which the same anchors are not: it is on the wide side.
 */
export function newcombe({ before, after }: Change): { readonly low: number; readonly high: number } | undefined {
  if (before.low === undefined || before.high === undefined || after.low === undefined || after.high === undefined) return undefined;
  const difference = after.value - before.value;
  return {
    low: difference - Math.hypot(after.value - after.low, before.high - before.value),
    high: difference + Math.hypot(after.high - after.value, before.value - before.low),
  };
}
