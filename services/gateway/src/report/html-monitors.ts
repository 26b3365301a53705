import type { MonitorReport } from '@redqueen/core';
import { chartSvg, escapeHtml } from './svg.ts';

/** The chart that a figure belongs to: "executor.outcome" and "executor.total" share one, and so do all figures without a dot. */
function chartOf(monitor: string, figure: string): string {
  const dot = figure.indexOf('.');
  return dot < 0 ? monitor : `${monitor}: ${figure.slice(0, dot)}`;
}

function charts([monitor, { curves, problem }]: [string, MonitorReport]): string {
  const byChart = Map.groupBy(Object.entries(curves), ([figure]) => chartOf(monitor, figure));
  const drawn = [...byChart].map(([title, entries]) =>
    chartSvg({ title, lines: entries.map(([name, points], colour) => ({ name, points, colour: colour % 8 })) }),
  );
  return `${problem === undefined ? '' : `<p class="bad">${escapeHtml(monitor)}: ${escapeHtml(problem)}</p>`}${drawn.join('')}`;
}

/** The monitors' curves as small charts; empty where the recipe has no monitor. */
export function monitorsHtml(monitors: Readonly<Record<string, MonitorReport>>): string {
  const all = Object.entries(monitors);
  return all.length === 0 ? '' : `<div class="grid2">${all.map(charts).join('')}</div>`;
}
