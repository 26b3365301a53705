/** Figures that are shares of a whole and read best in percent. */
const percentages: ReadonlySet<string> = new Set(['greedy', 'sampled', 'accuracy', 'exact', 'valid', 'distinct', 'fields']);

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

/** A figure in words. */
export function figureName(figure: string): string {
  return names[figure] ?? figure;
}

/** "27.3 %" or "0.286"; a dash for what was not measured. */
export function valueText(figure: string, value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  return percentages.has(figure) ? `${(value * 100).toFixed(1)} %` : value.toFixed(3);
}

/** "+31.0" in points for percentages, "−0.065" otherwise. */
export function changeText(figure: string, change: number): string {
  const sign = change > 0 ? '+' : change < 0 ? '−' : '±';
  const size = Math.abs(change);
  return percentages.has(figure) ? `${sign}${(size * 100).toFixed(1)}` : `${sign}${size.toFixed(3)}`;
}

/** "[+28.1, +33.9]", in the figure's unit; empty where the interval says nothing. */
export function intervalText(figure: string, low: number, high: number): string {
  return Number.isFinite(low) && Number.isFinite(high) ? `[${changeText(figure, low)}, ${changeText(figure, high)}]` : '';
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
