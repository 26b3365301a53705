import { figureChange, figureKind, figureText } from '@redqueen/core';
import { intervalText } from '../render/figures.ts';
import { textTable } from '../render/text-table.ts';
import { armFigures, pairedFigures, type ArmResult, type Checked } from './evaluate.ts';

const split = (figure: string): [role: string, name: string] => {
  const [role = '', name = ''] = figure.split('.');
  return [role, name];
};

/** Before and after of every arm, with 95 % intervals of the change over the seeds. */
export function armTable(results: readonly ArmResult[]): string[] {
  const rows = armFigures(results).map(({ arm, figure, seeds, before, after, gain, low, high }) => {
    const [role, name] = split(figure);
    return [
      arm,
      role,
      figureKind(name).name,
      figureText(name, before),
      figureText(name, after),
      figureChange(name, gain),
      intervalText(name, low, high),
      String(seeds),
    ];
  });
  return textTable(['arm', 'role', 'held-out figure', 'before', 'after', 'change', '95 % interval', 'seeds'], rows, [
    'left',
    'left',
    'left',
    'right',
    'right',
    'right',
    'left',
    'right',
  ]);
}

/** The first arm's change minus that of each other arm, paired by seed. */
export function pairedTable(results: readonly ArmResult[]): string[] {
  const rows = pairedFigures(results).map(({ arm, figure, seeds, difference, low, high }) => {
    const [role, name] = split(figure);
    return [arm, role, figureKind(name).name, figureChange(name, difference), intervalText(name, low, high), String(seeds)];
  });
  if (rows.length === 0) return [];
  return textTable(['against', 'role', 'held-out figure', 'difference', '95 % interval', 'seeds'], rows, [
    'left',
    'left',
    'left',
    'right',
    'left',
    'right',
  ]);
}

function boundText(name: string, of: string, { atLeast, atMost }: Checked['expectation']): string {
  const text = (value: number): string => (of === 'gain' ? figureChange(name, value) : figureText(name, value));
  if (atLeast !== undefined && atMost !== undefined)
    return atLeast === atMost ? `exactly ${text(atLeast)}` : `from ${text(atLeast)} to ${text(atMost)}`;
  return atLeast !== undefined ? `at least ${text(atLeast)}` : atMost !== undefined ? `at most ${text(atMost)}` : 'anything';
}

const seedsText = { all: 'on every seed', most: 'on most seeds', mean: 'in the mean' } as const;

/** One line an expectation: passed or failed, what was expected, what every seed gave. */
export function expectationLines(checks: readonly Checked[]): string[] {
  return checks.map(({ expectation, values, passed }) => {
    const [role, name] = split(expectation.figure);
    const seen =
      values.map((value) => (expectation.of === 'gain' ? figureChange(name, value) : figureText(name, value))).join(', ') || 'not measured';
    return `${passed ? 'passed' : 'FAILED'}  ${expectation.arm}: ${role} ${figureKind(name).name} ${expectation.of} ${boundText(name, expectation.of, expectation)} ${seedsText[expectation.seeds]}: ${seen}`;
  });
}
