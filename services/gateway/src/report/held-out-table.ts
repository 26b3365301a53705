import type { HeldOutLook, HeldOutRow, MeasuredFigure, Recipe } from '@redqueen/core';
import { baseName, higherIsBetter, measured } from '../projection/figures.ts';

/** Where a figure was measured. */
interface Place {
  readonly environment: string;
  readonly family: string;
}

/** The environment that owns a family in the recipe. */
function environmentOf(recipe: Recipe, family: string): string | undefined {
  return recipe.environments.find(({ families }) => family in families)?.use;
}

/** "sampled.add" was measured at arithmetic's family add; "sampled" everywhere, which is one environment where all anchors come from one. */
function placeOf(recipe: Recipe, figure: string, look: HeldOutLook): Place {
  const suffix = figure.includes('.') ? figure.slice(figure.indexOf('.') + 1) : '';
  if (suffix !== '') {
    const environment = environmentOf(recipe, suffix);
    return environment === undefined ? { environment: suffix, family: '' } : { environment, family: suffix };
  }
  // Where families are told apart, the sum over all of them stays "all"; their environments get rows of their own.
  if (look.figures.some(({ name }) => name.includes('.'))) return { environment: 'all', family: '' };
  const owners = new Set(look.arms.map(({ family }) => environmentOf(recipe, family) ?? family));
  const [only] = owners;
  return { environment: owners.size === 1 && only !== undefined ? only : 'all', family: '' };
}

/** The figures of a look with, for every environment, the mean over its families weighted by their sample sizes. */
function withEnvironments(recipe: Recipe, look: HeldOutLook): Map<string, MeasuredFigure & Place> {
  const rows = new Map<string, MeasuredFigure & Place>();
  for (const { name, value, count } of look.figures) {
    const place = placeOf(recipe, name, look);
    const figure = baseName(name);
    rows.set(`${figure} ${place.environment} ${place.family}`, { name: figure, value, count, ...place });
    if (place.family === '') continue;
    const key = `${figure} ${place.environment} `;
    const sum = rows.get(key) ?? { name: figure, value: 0, count: 0, environment: place.environment, family: '' };
    const total = sum.count + count;
    rows.set(key, { ...sum, value: total === 0 ? 0 : (sum.value * sum.count + value * count) / total, count: total });
  }
  return rows;
}

function orderOf(row: HeldOutRow): string {
  return `${row.environment === 'all' ? '' : row.environment} ${row.family} ${row.figure}`;
}

/** The before/after rows of one agent: its first look against its newest. Empty before the first look. */
export function heldOutRows(recipe: Recipe, agent: string, looks: readonly HeldOutLook[]): HeldOutRow[] {
  const first = looks[0];
  const newest = looks.at(-1);
  if (!first || !newest) return [];
  const before = withEnvironments(recipe, first);
  const rows = [...withEnvironments(recipe, newest)].flatMap(([key, after]) => {
    const start = before.get(key);
    if (!start) return [];
    return [
      {
        role: agent.split('/')[0] ?? agent,
        agent,
        environment: after.environment,
        family: after.family,
        figure: after.name,
        higherIsBetter: higherIsBetter(after.name),
        before: measured(start.name, start.value, start.count),
        after: measured(after.name, after.value, after.count),
      },
    ];
  });
  return rows.sort((a, b) => orderOf(a).localeCompare(orderOf(b)));
}
