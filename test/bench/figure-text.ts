import type { Figure, Goal } from './harness/figure.ts';

/** Three significant digits, without an exponent where the number is of everyday size. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 1000) return value.toFixed(0);
  return size !== 0 && size < 0.001 ? value.toExponential(1) : String(Number(value.toPrecision(3)));
}

/** "≥ 0.95", "≤ 100 ms". */
export function targetText({ direction, target, unit }: Pick<Goal, 'direction' | 'target' | 'unit'>): string {
  return `${direction === 'at least' ? '≥' : '≤'} ${numberText(target)}${unit === '' ? '' : ` ${unit}`}`;
}

/** "0.98 [0.96, 1.01]"; the value alone where it has no interval. */
export function valueText({ value, low, high }: Pick<Figure, 'value' | 'low' | 'high'>): string {
  return low === high ? numberText(value) : `${numberText(value)} [${numberText(low)}, ${numberText(high)}]`;
}

/** The model and numbers that it was measured with: "small, samples 8, prompt 256, tokens 32". */
export function sizeText({ size }: Pick<Figure, 'size'>): string {
  return Object.entries(size)
    .map(([name, value]) => (name === 'model' ? String(value) : `${name} ${value}`))
    .join(', ');
}

/** What the machine was busy with besides: "load 0.9, others 2 %, steal 0 %, waiting 12 %". */
export function loadText({ load }: Pick<Figure, 'load'>): string {
  const percent = (share: number | null): string => (share === null || !Number.isFinite(share) ? '–' : `${(share * 100).toFixed(0)} %`);
  return `load ${load.average.toFixed(1)}, others ${percent(load.foreign)}, steal ${percent(load.steal)}, waiting ${percent(load.pressure)}`;
}

/** "not shown: other processes used 40 % of the processors". */
export function verdictText({ verdict, reason }: Pick<Figure, 'verdict' | 'reason'>): string {
  return reason === undefined ? verdict : `${verdict}: ${reason}`;
}
