import { figureChange, figureText } from '@redqueen/core';
import type { ClaimRecord, RecordedArm } from '../../claim/record.ts';
import { effectText, figureWords } from '../../claim/render.ts';
import { intervalText } from '../../render/figures.ts';
import { markdownTable } from './markdown.ts';

const minutes = (seconds: number): string => (seconds < 90 ? `${Math.round(seconds)} s` : `${(seconds / 60).toFixed(1)} min`);
const open = (end: number | null, infinite: number): number => end ?? infinite;

/** "+11.0 [+8.5, +13.5], 5 seeds"; empty where nothing was measured. */
export function effectCell({ effect }: ClaimRecord): string {
  if (!effect) return '';
  const name = effect.figure.split('.').slice(1).join('.');
  const interval = intervalText(name, open(effect.low, -Infinity), open(effect.high, Infinity)) || '[unbounded]';
  return `${figureChange(name, effect.effect)} ${interval}, ${effect.pairs} seed${effect.pairs === 1 ? '' : 's'}`;
}

function figureRow({ arm, seeds, updates, tokens, seconds, figures }: RecordedArm, figure: string): string[] {
  const measured = figures[figure];
  const name = figure.split('.').slice(1).join('.');
  if (!measured) return [];
  const { before, after, gain, low, high } = measured;
  return [
    arm,
    `${figure.split('.')[0]} ${figureWords(name)}`,
    figureText(name, before),
    figureText(name, after),
    figureChange(name, gain),
    intervalText(name, open(low, -Infinity), open(high, Infinity)),
    String(seeds.length),
    String(Math.round(updates)),
    String(Math.round(tokens / 1000)),
    String(Math.round(seconds)),
  ];
}

/** The executor's held-out accuracy, and whatever else the claim speaks of, for every arm. */
function armsTable({ arms, effect, figures }: ClaimRecord): string {
  const shown = [...new Set([...(effect ? [effect.figure] : []), 'executor.greedy', 'executor.sampled', ...figures])];
  const rows = arms.flatMap((arm) => shown.map((figure) => figureRow(arm, figure)).filter((row) => row.length > 0));
  const right = ['before', 'after', 'change', 'seeds', 'updates', 'k tokens', 'seconds'];
  return markdownTable(
    ['arm', 'figure', 'before', 'after', 'change', '95 % interval', 'seeds', 'updates', 'k tokens', 'seconds'],
    rows,
    right,
  );
}

/** What came of a claim when it was run last. */
export function resultText(record: ClaimRecord, version: string): string {
  const { effect, recipe, date, verdict, expectations, errors, tokens, seconds, changed } = record;
  const bounded = effect && { ...effect, low: open(effect.low, -Infinity), high: open(effect.high, Infinity) };
  const stale = recipe === version ? '' : '**Not run since it was changed.** What follows is of an earlier form of the recipe.\n\n';
  const part = changed ? `\n\nRun in part only: \`${JSON.stringify(changed)}\`.` : '';
  const cost = `${date}, ${minutes(seconds)} of runs, ${(tokens / 1e6).toFixed(2)} million tokens sampled.`;
  const lines = expectations.map(({ text, passed }) => `* ${passed ? 'holds' : '**does not hold**'}: ${text}`);
  return [
    `${stale}**Verdict: ${verdict}.** ${effectText(bounded)} ${cost}${part}`,
    armsTable(record),
    ...(lines.length > 0 ? [`Expectations:\n\n${lines.join('\n')}`] : []),
    ...(errors.length > 0 ? [`Runs that did not finish:\n\n${errors.map((error) => `* ${error}`).join('\n')}`] : []),
  ].join('\n\n');
}
