// Numbers and names as a person reads them.
const percentFigures = new Set([
  'greedy',
  'sampled',
  'accuracy',
  'exact',
  'valid',
  'distinct',
  'fields',
  'sampled-exact',
  'sampled-fields',
]);
const names = {
  greedy: 'right, greedy',
  sampled: 'right, sampled',
  brier: 'Brier score',
  auc: 'AUC',
  accuracy: 'right verdicts',
  fields: 'right fields, greedy',
  exact: 'exactly right, greedy',
  'sampled-exact': 'exactly right, sampled',
  'sampled-fields': 'right fields, sampled',
  valid: 'valid proposals',
  distinct: 'distinct proposals',
};

export const isPercent = (figure) => percentFigures.has(figure);
export const figureName = (figure) => names[figure] ?? figure;
export const count = (value) => Math.round(value).toLocaleString('en-GB');
export const percent = (value, digits = 1) => `${(value * 100).toFixed(digits)} %`;
export const valueText = (figure, value) => (isPercent(figure) ? percent(value) : value.toFixed(3));
export const signed = (value, digits = 2) => `${value > 0 ? '+' : value < 0 ? '−' : ''}${Math.abs(value).toFixed(digits)}`;

export function measuredText(figure, { value, low, high }) {
  if (low === undefined) return valueText(figure, value);
  const ends = isPercent(figure) ? [low, high].map((end) => (end * 100).toFixed(0)) : [low, high].map((end) => end.toFixed(2));
  return `${valueText(figure, value)} [${ends.join('–')}]`;
}

export function changeText(figure, change) {
  const sign = change > 0 ? '+' : change < 0 ? '−' : '±';
  return isPercent(figure) ? `${sign}${Math.abs(change * 100).toFixed(1)} points` : `${sign}${Math.abs(change).toFixed(3)}`;
}

export function duration(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

export function bytes(value) {
  return value < 2 ** 30 ? `${(value / 2 ** 20).toFixed(0)} MiB` : `${(value / 2 ** 30).toFixed(2)} GiB`;
}
