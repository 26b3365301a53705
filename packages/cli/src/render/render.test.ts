import type { Progress, RunReport } from '@redqueen/sdk';
import { describe, expect, test } from 'vitest';
import { crossPlayTable } from './cross-play.ts';
import { clockText, intervalText, shortCount } from './figures.ts';
import { heldOutJson, heldOutTable } from './held-out.ts';
import { progressLine } from './progress.ts';
import { textTable } from './text-table.ts';

const heldOut = [
  {
    role: 'executor',
    agent: 'executor/0',
    environment: 'all',
    family: '',
    figure: 'sampled',
    higherIsBetter: true,
    before: { value: 0.27, count: 468, low: 0.23, high: 0.31 },
    after: { value: 0.58, count: 468, low: 0.53, high: 0.62 },
  },
  {
    role: 'executor',
    agent: 'executor/0',
    environment: 'arithmetic',
    family: 'add',
    figure: 'sampled',
    higherIsBetter: true,
    before: { value: 0.2, count: 78 },
    after: { value: 0.3, count: 78 },
  },
  {
    role: 'verifier',
    agent: 'verifier/0',
    environment: 'all',
    family: '',
    figure: 'brier',
    higherIsBetter: false,
    before: { value: 0.286, count: 124 },
    after: { value: 0.221, count: 124 },
  },
];
const report = { heldOut } as unknown as RunReport;

describe('what a person reads', () => {
  test('numbers', () => {
    expect(intervalText('sampled', 0.281, 0.339)).toBe('[+28.1, +33.9]');
    expect(intervalText('sampled', Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)).toBe('');
    expect(shortCount(8234)).toBe('8234');
    expect(shortCount(82_340)).toBe('82.3k');
    expect(clockText(272)).toBe('04:32');
  });

  test('a table lines up its columns', () => {
    expect(
      textTable(
        ['a', 'number'],
        [
          ['x', '1'],
          ['long', '22'],
        ],
        ['left', 'right'],
      ),
    ).toEqual(['a     number', '────  ──────', 'x          1', 'long      22']);
  });

  test('the before/after table has a line a role and environment, families only when asked for', () => {
    expect(heldOutTable(report, false).join('\n')).toMatch(
      /executor +all +right, sampled \(T=1\) +27\.0 % \[23–31\] +58\.0 % \[53–62\] +\+31\.0 +468/,
    );
    expect(heldOutTable(report, false).join('\n')).not.toContain('add');
    expect(heldOutTable(report, true).join('\n')).toContain('arithmetic add');
    expect(heldOutTable({ heldOut: [] } as unknown as RunReport, true)).toEqual(['No held-out figures were measured.']);
  });

  test('executor versions at tasks of proposer versions, with a word where there is no figure', () => {
    const cells = [
      { proposer: 0, executor: 0, greedy: { value: 0.34, count: 35 }, sampled: { value: 0.11, count: 35 } },
      { proposer: 4, executor: 0 },
    ];
    expect(crossPlayTable({ crossPlay: { proposers: [0, 4, 9], executors: [0], cells } } as unknown as RunReport)).toEqual([
      'right at tasks of           proposer v0  proposer v4  proposer v9',
      '─────────────────  ────────────────────  ───────────  ───────────',
      'executor v0        34.0 % / 11.0 % (35)      no task    no answer',
    ]);
    expect(crossPlayTable({} as RunReport)).toEqual([]);
  });

  test('a program gets figures by role and environment with their sample sizes', () => {
    expect(heldOutJson(report)).toEqual({
      executor: {
        all: { sampled: { before: 0.27, beforeCount: 468, after: 0.58, afterCount: 468 } },
        'arithmetic.add': { sampled: { before: 0.2, beforeCount: 78, after: 0.3, afterCount: 78 } },
      },
      verifier: { all: { brier: { before: 0.286, beforeCount: 124, after: 0.221, afterCount: 124 } } },
    });
  });

  test('the status line shows progress and speed', () => {
    const progress = (seconds: number, tokens: number, sampled: number) =>
      ({
        run: { updatesDone: 8, updates: 640, status: 'running' },
        elapsedSeconds: seconds,
        attempts: 2048,
        sampledTokens: tokens,
        figures: { 'executor/0.sampled': sampled },
        frontier: 'add-2',
        staleness: 0.44,
        note: '',
      }) as unknown as Progress;
    const first = progressLine(progress(10, 1000, 0.273), undefined);
    const second = progressLine(progress(12, 21_000, 0.312), first.memory);
    expect(second.line).toBe(
      '00:12 · updates 8/640 · attempts 2048 · held-out 27.3 → 31.2 % · frontier add-2 · staleness 0.4 · 10.0k tokens/s',
    );
  });
});
