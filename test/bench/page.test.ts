import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { benches } from './benches/index.ts';
import type { Figure } from './harness/figure.ts';
import type { Machine } from './machine.ts';
import { benchCommand } from './options.ts';
import { figuresText, pageFile, renderedPage } from './page.ts';
import { readRecord, recordFile, withFigures } from './record.ts';

const machine: Machine = { processor: 'Test 3000', cores: 2, memoryBytes: 2 ** 34, platform: 'linux x64', node: 'v24' };
const figure = (id: string, value: number): Figure => ({
  id,
  what: 'something',
  target: 0.8,
  direction: 'at least',
  unit: '',
  form: 'quick',
  size: { model: 'small', samples: 8 },
  value,
  low: value - 0.1,
  high: value + 0.1,
  control: 1.002,
  count: 5,
  verdict: 'not shown',
  reason: 'the interval straddles the target',
  load: { average: 0.5, steal: 0, pressure: Number.NaN, foreign: 0.021 },
});

test('the page shows the record and the benches as they are: npm run bench -- --full --record', () => {
  const page = readFileSync(pageFile, 'utf8');
  expect(renderedPage(page, readRecord())).toBe(page);
});

test('the page names every bench once, with its target', () => {
  const page = readFileSync(pageFile, 'utf8');
  for (const { id, what } of benches) expect(page.split(`| ${id} | ${what} |`), id).toHaveLength(2);
  expect(new Set(benches.map(({ id }) => id)).size).toBe(benches.length);
});

test('what is recorded are figures of benches, seen in the full or quick form', () => {
  expect(existsSync(recordFile)).toBe(readRecord() !== undefined);
  for (const { id, form, value, low, high } of readRecord()?.figures ?? []) {
    expect(benches.map((bench) => bench.id)).toContain(id);
    expect(['quick', 'full']).toContain(form);
    expect(low <= value && value <= high).toBe(true);
  }
});

test('a recorded figure replaces the older one of its id; those of another machine go', () => {
  const first = withFigures(undefined, [figure('P5.speed', 0.8), figure('P2.batched', 3)], '2026-01-01', machine);
  expect(first.figures.map(({ id }) => id)).toEqual(['P2.batched', 'P5.speed']);
  const second = withFigures(first, [figure('P5.speed', 0.9)], '2026-01-02', machine);
  expect(second.figures.map(({ id, value, date }) => [id, value, date])).toEqual([
    ['P2.batched', 3, '2026-01-01'],
    ['P5.speed', 0.9, '2026-01-02'],
  ]);
  const other = withFigures(second, [figure('P15', 1)], '2026-01-03', { ...machine, cores: 4 });
  expect(other.figures.map(({ id }) => id)).toEqual(['P15']);
});

test('the table holds value, interval, target, verdict with its reason, control, size, day and load, as read back from a file', () => {
  const record = JSON.parse(JSON.stringify(withFigures(undefined, [figure('P5.speed', 0.8)], '2026-01-01', machine)));
  const [named, , , , row] = figuresText(record).split('\n');
  expect(named).toBe('On Test 3000, 2 cores, 16.0 GiB of memory, linux x64, Node v24:');
  expect(row).toBe(
    '| P5.speed | 0.8 [0.7, 0.9] | ≥ 0.8 | **not shown**: the interval straddles the target | 1 | small, samples 8 | 2026-01-01, quick; load 0.5, others 2 %, steal 0 %, waiting – |',
  );
});

test('words of the command', () => {
  expect(benchCommand([])).toMatchObject({ form: 'quick', json: false, record: false, threads: 1, benches });
  const some = benchCommand(['--full', '--json', '--only', 'P1, P5.speed', '--threads', '1']);
  expect(some).toMatchObject({ form: 'full', json: true });
  expect([...new Set(some.benches.map(({ id }) => id.split('.')[0]))]).toEqual(['P1', 'P5']);
  expect(some.benches.filter(({ id }) => id.startsWith('P5'))).toHaveLength(1);
  expect(() => benchCommand(['--only', 'P1,nothing'])).toThrow(/no bench "nothing"; benches are P1, /);
  expect(() => benchCommand(['--threads', '1000'])).toThrow(/--threads is 1000; it must be a whole number from 1 to/);
  expect(() => benchCommand(['--fast'])).toThrow(/--fast/);
});
