import { figureChange, figureKind, figureText, type Measured } from '@redqueen/core';

/** The value with its 95 % interval where it has one. */
export function measuredText(figure: string, { value, low, high }: Measured): string {
  const text = figureText(figure, value);
  if (low === undefined || high === undefined) return text;
  const { percent } = figureKind(figure);
  return `${text} [${[low, high].map((end) => (percent ? (end * 100).toFixed(0) : end.toFixed(2))).join('–')}]`;
}

/** "+31.0 points" or "−0.065". */
export function changeText(figure: string, before: number, after: number): string {
  return `${figureChange(figure, after - before)}${figureKind(figure).percent ? ' points' : ''}`;
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
