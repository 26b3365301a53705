import type { CurvePoint } from '@redqueen/core';

/** A line of a chart. */
export interface ChartLine {
  readonly name: string;
  /** Index of its colour (--s0 … --s7). */
  readonly colour: number;
  readonly points: readonly CurvePoint[];
  /** Draw a dot at every point. */
  readonly dots?: boolean;
}

/** Something that happened at a moment. */
export interface ChartMark {
  readonly seconds: number;
  readonly kind: 'released' | 'refused' | 'rolled-back' | 'promoted';
  readonly title: string;
}

/** What to draw. */
export interface Chart {
  readonly title: string;
  readonly lines: readonly ChartLine[];
  readonly marks?: readonly ChartMark[];
  /** Values as percentages. */
  readonly percent?: boolean;
}

const width = 520;
const height = 190;
const margin = { left: 46, right: 10, top: 8, bottom: 36 };

/** Text that is safe inside HTML and SVG. */
export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** Round steps (1, 2 or 5 times a power of ten) that cover a range in about four. */
export function tickValues(low: number, high: number): number[] {
  const span = high - low;
  if (!(span > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(span / 4));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => span / candidate <= 5) ?? 10 * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

interface Scale {
  readonly x: (seconds: number) => number;
  readonly y: (value: number) => number;
  readonly low: number;
  readonly high: number;
  readonly end: number;
}

function scaleOf({ lines, marks = [] }: Chart): Scale {
  const values = lines.flatMap(({ points }) => points.map(({ value }) => value));
  const end = Math.max(1, ...lines.flatMap(({ points }) => points.map(({ seconds }) => seconds)), ...marks.map(({ seconds }) => seconds));
  const least = Math.min(...values);
  const most = Math.max(...values);
  const room = Math.max((most - least) * 0.1, 0.01);
  const low = least >= 0 ? Math.max(0, least - room) : least - room;
  const high = most + room;
  return {
    low,
    high,
    end,
    x: (seconds) => margin.left + (seconds / end) * (width - margin.left - margin.right),
    y: (value) => height - margin.bottom - ((value - low) / (high - low)) * (height - margin.top - margin.bottom),
  };
}

const number = (value: number): string => Number(value.toFixed(1)).toString();

function label(value: number, percent: boolean): string {
  if (percent) return `${Number((value * 100).toFixed(1))} %`;
  return Math.abs(value) >= 1e4 ? `${Number((value / 1000).toPrecision(3))}k` : `${Number(value.toPrecision(3))}`;
}

function axes(chart: Chart, scale: Scale): string {
  const rows = tickValues(scale.low, scale.high).map((value) => {
    const y = number(scale.y(value));
    return `<line x1="${margin.left}" x2="${width - margin.right}" y1="${y}" y2="${y}" stroke="var(--line)"/><text x="${margin.left - 6}" y="${y}" dy="4" text-anchor="end">${label(value, chart.percent ?? false)}</text>`;
  });
  const columns = tickValues(0, scale.end).map(
    (value) => `<text x="${number(scale.x(value))}" y="${height - 4}" text-anchor="middle">${value} s</text>`,
  );
  return rows.join('') + columns.join('');
}

function line({ name, colour, points, dots }: ChartLine, scale: Scale): string {
  const path = points
    .map(({ seconds, value }, index) => `${index === 0 ? 'M' : 'L'}${number(scale.x(seconds))} ${number(scale.y(value))}`)
    .join('');
  const circles = dots
    ? points
        .map(
          ({ seconds, value }) =>
            `<circle cx="${number(scale.x(seconds))}" cy="${number(scale.y(value))}" r="3" fill="var(--s${colour})"/>`,
        )
        .join('')
    : '';
  return `<g><title>${escapeHtml(name)}</title><path d="${path}" fill="none" stroke="var(--s${colour})" stroke-width="2" stroke-linejoin="round"/>${circles}</g>`;
}

const markShapes: Readonly<Record<ChartMark['kind'], (x: number, y: number) => string>> = {
  released: (x, y) => `<path d="M${x - 3} ${y + 3}L${x} ${y - 3}L${x + 3} ${y + 3}Z" fill="var(--good)"/>`,
  refused: (x, y) =>
    `<path d="M${x - 3} ${y - 3}L${x + 3} ${y + 3}M${x + 3} ${y - 3}L${x - 3} ${y + 3}" stroke="var(--bad)" stroke-width="1.6"/>`,
  'rolled-back': (x, y) => `<path d="M${x + 3} ${y - 4}L${x - 3} ${y}L${x + 3} ${y + 4}Z" fill="var(--warn)"/>`,
  promoted: (x, y) => `<path d="M${x - 3} ${y - 4}L${x + 3} ${y}L${x - 3} ${y + 4}Z" fill="var(--warn)"/>`,
};

function marksOf(marks: readonly ChartMark[], scale: Scale): string {
  return marks
    .map(
      ({ seconds, kind, title }) =>
        `<g><title>${escapeHtml(title)}</title>${markShapes[kind](Number(number(scale.x(seconds))), height - margin.bottom + 10)}</g>`,
    )
    .join('');
}

/** A chart as an SVG element with its legend; a sentence where there is nothing to draw. */
export function chartSvg(chart: Chart): string {
  const drawn = chart.lines.filter(({ points }) => points.length > 0);
  const title = `<h3>${escapeHtml(chart.title)}</h3>`;
  if (drawn.length === 0) return `<div>${title}<p class="empty">Nothing was measured.</p></div>`;
  const scale = scaleOf({ ...chart, lines: drawn });
  const legend = drawn.map(({ name, colour }) => `<span><i style="background:var(--s${colour})"></i>${escapeHtml(name)}</span>`).join('');
  const body = axes(chart, scale) + drawn.map((entry) => line(entry, scale)).join('') + marksOf(chart.marks ?? [], scale);
  return `<div>${title}<div class="legend">${legend}</div><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(chart.title)}">${body}</svg></div>`;
}
