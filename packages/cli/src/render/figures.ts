import { figureChange } from '@redqueen/core';

/** "[+28.1, +33.9]", in the figure's unit; empty where the interval says nothing. */
export function intervalText(figure: string, low: number, high: number): string {
  return Number.isFinite(low) && Number.isFinite(high) ? `[${figureChange(figure, low)}, ${figureChange(figure, high)}]` : '';
}

/** "8.2k" or "640". */
export function shortCount(count: number): string {
  if (count < 10_000) return String(Math.round(count));
  return count < 1e6 ? `${(count / 1000).toFixed(count < 1e5 ? 1 : 0)}k` : `${(count / 1e6).toFixed(2)}M`;
}

/** "04:32". */
export function clockText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return `${String(Math.floor(whole / 60)).padStart(2, '0')}:${String(whole % 60).padStart(2, '0')}`;
}
