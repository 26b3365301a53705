// Line charts on uPlot that follow the page's colours and can be given new data again and again.
import uPlot from './vendor/uPlot.esm.js';
import { element, nothing } from './dom.js';
import { count, percent } from './words.js';

const height = 176;
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Several curves with their own moments on one common axis; uPlot wants one list of moments. */
function align(lines) {
  const moments = [...new Set(lines.flatMap(({ points }) => points.map(({ seconds }) => seconds)))].sort((a, b) => a - b);
  const columns = lines.map(({ points }) => {
    const at = new Map(points.map(({ seconds, value }) => [seconds, value]));
    return moments.map((moment) => at.get(moment) ?? null);
  });
  return [moments, ...columns];
}

const shapes = {
  released: (context, x, y) => {
    context.moveTo(x - 4, y + 4);
    context.lineTo(x, y - 4);
    context.lineTo(x + 4, y + 4);
    context.fill();
  },
  refused: (context, x, y) => {
    context.moveTo(x - 4, y - 4);
    context.lineTo(x + 4, y + 4);
    context.moveTo(x + 4, y - 4);
    context.lineTo(x - 4, y + 4);
    context.stroke();
  },
  'rolled-back': (context, x, y) => {
    context.moveTo(x + 4, y - 5);
    context.lineTo(x - 4, y);
    context.lineTo(x + 4, y + 5);
    context.fill();
  },
  promoted: (context, x, y) => {
    context.moveTo(x - 4, y - 5);
    context.lineTo(x + 4, y);
    context.lineTo(x - 4, y + 5);
    context.fill();
  },
};
const markColours = { released: '--good', refused: '--bad', 'rolled-back': '--warn', promoted: '--warn' };

/** Marks along the lower edge of the plot, at the moments at which they happened. */
function drawMarks(plot, marks) {
  const { ctx: context, bbox } = plot;
  const y = bbox.top + bbox.height - 7 * devicePixelRatio;
  context.save();
  context.lineWidth = 1.6 * devicePixelRatio;
  for (const { seconds, event } of marks) {
    const x = plot.valToPos(seconds, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    context.fillStyle = context.strokeStyle = colour(markColours[event]);
    context.beginPath();
    shapes[event](context, x, y);
  }
  context.restore();
}

function axis(format) {
  return {
    stroke: () => colour('--soft'),
    grid: { stroke: () => colour('--line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui',
    values: (_, ticks) => ticks.map(format),
  };
}

function optionsOf(chart, width) {
  const number = chart.percent
    ? (value) => `${+(value * 100).toFixed(1)} %`
    : (value) => (Math.abs(value) >= 1e4 ? `${+(value / 1000).toPrecision(4)}k` : `${+value.toPrecision(4)}`);
  return {
    width,
    height,
    padding: [6, 18, 0, 0],
    scales: {
      x: { time: false, range: (_, low, high) => [Math.min(0, low ?? 0), Math.max(10, high ?? 10)] },
      y: { range: (_, low, high) => yRange(low, high, chart) },
    },
    axes: [
      { ...axis((value) => `${value} s`), size: 26 },
      { ...axis(number), size: 58 },
    ],
    series: [
      { value: (_, value) => (value === null ? '' : `${value} s`) },
      ...chart.lines.map((line) => ({
        label: line.name,
        width: 2,
        spanGaps: true,
        stroke: () => colour(`--s${line.colour}`),
        points: { show: Boolean(line.dots), size: 6, fill: () => colour(`--s${line.colour}`) },
        value: (_, value) => (value === null ? '' : number(value)),
      })),
    ],
    cursor: { points: { size: 7 } },
    hooks: { draw: [(plot) => drawMarks(plot, plot.marks ?? [])] },
  };
}

/** Room for the marks below and a little air above; a flat line stays in the middle. */
function yRange(low, high, chart) {
  if (low === null || low === undefined) return [0, 1];
  const room = Math.max((high - low) * 0.12, chart.percent ? 0.02 : Math.abs(high) * 0.02, 1e-3);
  const bottom = low - room - (chart.marks ? (high - low + room) * 0.12 : 0);
  return [low >= 0 && !chart.marks ? Math.max(0, bottom) : bottom, high + room];
}

function legendOf(chart) {
  const values = chart.lines.map(() => element('b'));
  const legend = element(
    'div',
    { class: 'legend' },
    ...chart.lines.map((line, index) =>
      element('span', {}, element('i', { style: `background:var(--s${line.colour})` }), `${line.name} `, values[index]),
    ),
  );
  return { legend, values };
}

/** A chart that lives in a box: call `show` with new data whenever there is some. Lines must keep their names, or the chart is made anew. */
export class Chart {
  constructor(box) {
    this.box = box;
    this.shape = '';
    new ResizeObserver(() => this.plot?.setSize({ width: this.width(), height })).observe(box);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.plot?.redraw(true, true));
  }

  width() {
    return Math.max(240, this.box.clientWidth);
  }

  show(chart) {
    const lines = chart.lines.filter(({ points }) => points.length > 0);
    const shape = JSON.stringify([chart.title, lines.map(({ name }) => name)]);
    if (lines.length === 0) {
      this.plot?.destroy();
      this.plot = undefined;
      this.shape = '';
      this.box.replaceChildren(element('h3', {}, chart.title), nothing(chart.empty ?? 'Nothing was measured yet.'));
      return;
    }
    const drawn = { ...chart, lines };
    if (shape !== this.shape) this.build(drawn, shape);
    this.heading.textContent = chart.title;
    lines.forEach(({ points }, index) => (this.values[index].textContent = this.format(points.at(-1).value)));
    this.plot.marks = chart.marks;
    this.plot.setData(align(lines));
  }

  build(chart, shape) {
    this.plot?.destroy();
    this.shape = shape;
    this.format = chart.percent
      ? (value) => percent(value)
      : (value) => (Math.abs(value) >= 1000 ? count(value) : `${+value.toPrecision(3)}`);
    this.heading = element('h3', {}, chart.title);
    const { legend, values } = legendOf(chart);
    this.values = values;
    const canvas = element('div', { role: 'img', 'aria-label': chart.title });
    this.box.replaceChildren(this.heading, legend, canvas);
    this.plot = new uPlot(optionsOf(chart, this.width()), align(chart.lines), canvas);
  }
}

/** Charts in a box, one a key; those whose key is gone are removed. */
export class ChartGrid {
  constructor(box) {
    this.box = box;
    this.charts = new Map();
  }

  show(charts, empty) {
    const keys = new Set(charts.map(({ key }) => key));
    for (const [key, { node }] of this.charts)
      if (!keys.has(key)) {
        node.remove();
        this.charts.delete(key);
      }
    this.box.querySelector(':scope > .empty')?.remove();
    if (charts.length === 0) this.box.append(nothing(empty));
    for (const { key, ...chart } of charts) {
      let entry = this.charts.get(key);
      if (!entry) {
        const node = element('div');
        this.box.append(node);
        entry = { node, chart: new Chart(node) };
        this.charts.set(key, entry);
      }
      entry.chart.show(chart);
    }
  }
}
