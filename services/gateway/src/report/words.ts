import type { Measured } from '@redqueen/core';

const percentFigures: ReadonlySet<string> = new Set(['greedy', 'sampled', 'accuracy', 'exact', 'valid', 'distinct', 'fields']);

/** What a figure is called for a person. */
const names: Readonly<Record<string, string>> = {
  greedy: 'right, greedy',
  sampled: 'right, sampled (T=1)',
  brier: 'Brier score',
  auc: 'AUC',
  accuracy: 'right verdicts',
  fields: 'right fields',
  exact: 'exactly right',
  valid: 'valid proposals',
  distinct: 'distinct proposals',
};

/** A figure's name in words. */
export function figureName(figure: string): string {
  return names[figure] ?? figure;
}

/** Whether a figure reads best in percent. */
export function isPercent(figure: string): boolean {
  return percentFigures.has(figure);
}

/** "27.3 %" or "0.286". */
export function valueText(figure: string, value: number): string {
  return isPercent(figure) ? `${(value * 100).toFixed(1)} %` : value.toFixed(3);
}

/** The value with its 95 % interval where it has one. */
export function measuredText(figure: string, measured: Measured): string {
  const text = valueText(figure, measured.value);
  if (measured.low === undefined || measured.high === undefined) return text;
  const ends = isPercent(figure)
    ? [measured.low, measured.high].map((end) => (end * 100).toFixed(0))
    : [measured.low, measured.high].map((end) => end.toFixed(2));
  return `${text} [${ends.join('–')}]`;
}

/** "+31.0 points" or "−0.065". */
export function changeText(figure: string, before: number, after: number): string {
  const change = after - before;
  const sign = change > 0 ? '+' : change < 0 ? '−' : '±';
  return isPercent(figure) ? `${sign}${Math.abs(change * 100).toFixed(1)} points` : `${sign}${Math.abs(change).toFixed(3)}`;
}

/** "4 min 32 s". */
export function durationText(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** "1,234,567". */
export function countText(count: number): string {
  return Math.round(count).toLocaleString('en-GB');
}
