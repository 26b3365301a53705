import type { RunReport } from '@redqueen/sdk';
import { meanChange, type Change } from './change.ts';
import { processFigure } from './process-figures.ts';

type Row = RunReport['heldOut'][number];

/** The row of one agent that a name means: its whole, or the family or environment that is named. */
function rowOf(rows: readonly Row[], place: string | undefined): Row | undefined {
  if (place !== undefined)
    return rows.find((row) => row.family === place) ?? rows.find((row) => row.environment === place && row.family === '');
  const whole = rows.filter((row) => row.family === '');
  return whole.find((row) => row.environment === 'all') ?? (whole.length === 1 ? whole[0] : undefined);
}

function heldOutChange(report: RunReport, owner: string, name: string, place: string | undefined): Change | undefined {
  const rows = report.heldOut.filter((row) => (row.role === owner || row.agent === owner) && row.figure === name);
  const byAgent = [...Map.groupBy(rows, ({ agent }) => agent).values()];
  const found = byAgent.flatMap((own) => rowOf(own, place) ?? []);
  return found.length === byAgent.length ? meanChange(found) : undefined;
}

/**
 * What a figure's name means in a report. Held-out: "executor.sampled" the role's whole, "executor.sampled.add" a family, "executor.sampled.arithmetic" an
 * environment, "executor/1.sampled" one agent; a role with several agents is the mean over them. Anything else is looked for among the figures of learning
 * itself (see `processFigure`): "executor.reward.outcome", "run.tokens". Undefined where it was not measured.
 */
export function findChange(report: RunReport, figure: string): Change | undefined {
  const [owner = '', name = '', ...place] = figure.split('.');
  return heldOutChange(report, owner, name, place.length === 0 ? undefined : place.join('.')) ?? processFigure(report, figure);
}

/** Names of the held-out figures that a report holds for its roles as a whole. */
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
