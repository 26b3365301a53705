import { figureChange, figureKind, figureText } from '@redqueen/core';
import { intervalText } from '../render/figures.ts';
import { textTable } from '../render/text-table.ts';
import { armFigures, pairedFigures, type ArmResult, type Checked } from './evaluate.ts';
import type { Effect } from './effect.ts';

/** "executor.sampled.add" is the executor's sampled.add; "executor.reward.outcome" its reward.outcome. */
const split = (figure: string): [role: string, name: string] => {
  const [role = '', ...name] = figure.split('.');
  return [role, name.join('.')];
};

/** A figure in words: "right, sampled (T=1)", "right, sampled (T=1), add", "reward, outcome". */
export function figureWords(name: string): string {
  const [, ...place] = name.split('.');
  return [figureKind(name).name, ...place].join(', ');
}

/** Before and after of every arm and of each figure that is named as well, with 95 % intervals of the change over the seeds. */
export function armTable(results: readonly ArmResult[], also: readonly string[] = []): string[] {
  const rows = armFigures(results, also).map(({ arm, figure, seeds, before, after, gain, low, high }) => {
    const [role, name] = split(figure);
    return [
      arm,
      role,
      figureWords(name),
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
    return [arm, role, figureWords(name), figureChange(name, difference), intervalText(name, low, high), String(seeds)];
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

/** An expectation in words: what was expected, what every seed gave. */
export function expectationText({ expectation, values }: Checked): string {
  const [role, name] = split(expectation.figure);
  const seen =
    values.map((value) => (expectation.of === 'gain' ? figureChange(name, value) : figureText(name, value))).join(', ') || 'not measured';
  return `${expectation.arm}: ${role} ${figureWords(name)} ${expectation.of} ${boundText(name, expectation.of, expectation)} ${seedsText[expectation.seeds]}: ${seen}`;
}

/** One line an expectation: passed or failed, what was expected, what every seed gave. */
export function expectationLines(checks: readonly Checked[]): string[] {
  return checks.map((checked) => `${checked.passed ? 'passed' : 'FAILED'}  ${expectationText(checked)}`);
}

const directionText = { up: 'above 0', down: 'below 0' } as const;

/** The effect in a line: what is compared, what was claimed of it, what was measured. */
export function effectText(effect: Effect | undefined): string {
  if (!effect) return 'Effect: not measured.';
  const { figure, of, arm, against, direction, margin, low, high, pairs } = effect;
  const [role, name] = split(figure);
  const compared = against === '' ? `${of} of ${arm}` : `${of} of ${arm} − ${against}`;
  const claimed = direction === 'equal' ? `inside ±${figureChange(name, margin ?? 0).slice(1)}` : directionText[direction];
  const interval = intervalText(name, low, high) || 'unbounded';
  return `Effect: ${role} ${figureWords(name)}, ${compared}: ${figureChange(name, effect.effect)}, 95 % interval ${interval} over ${pairs} seed${pairs === 1 ? '' : 's'}; claimed ${claimed}.`;
}
