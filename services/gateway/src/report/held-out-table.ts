import { figureKind, type HeldOutLook, type HeldOutRow, type MeasuredFigure, type Recipe } from '@redqueen/core';
import { baseName, measured } from '../projection/figures.ts';

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

type PlacedFigure = MeasuredFigure & Place;

const keyOf = ({ name, environment, family }: PlacedFigure): string => `${name} ${environment} ${family}`;

/** The mean over an environment's families, weighted by their sample sizes. */
function overFamilies(families: readonly PlacedFigure[], like: PlacedFigure): PlacedFigure {
  const own = families.filter(({ name, environment }) => name === like.name && environment === like.environment);
  const count = own.reduce((sum, figure) => sum + figure.count, 0);
  const value = own.reduce((sum, figure) => sum + figure.value * figure.count, 0) / Math.max(1, count);
  return { name: like.name, environment: like.environment, family: '', value, count };
}

/** The figures of a look by where they were measured; an environment that was not measured as a whole gets the mean over its families. */
function placedFigures(recipe: Recipe, look: HeldOutLook): Map<string, PlacedFigure> {
  const placed = look.figures.map(({ name, value, count }) => ({ ...placeOf(recipe, name, look), name: baseName(name), value, count }));
  const families = placed.filter(({ family }) => family !== '');
  const means = families.map((figure) => overFamilies(families, figure));
  // What was measured itself comes last and wins.
  return new Map([...means, ...placed].map((figure) => [keyOf(figure), figure]));
}

function orderOf(row: HeldOutRow): string {
  return `${row.environment === 'all' ? '' : row.environment} ${row.family} ${row.figure}`;
}

/** The before/after rows of one agent: its first look against its newest. Empty before the first look. */
export function heldOutRows(recipe: Recipe, agent: string, looks: readonly HeldOutLook[]): HeldOutRow[] {
  const first = looks[0];
  const newest = looks.at(-1);
  if (!first || !newest) return [];
  const before = placedFigures(recipe, first);
  const rows = [...placedFigures(recipe, newest)].flatMap(([key, after]) => {
    const start = before.get(key);
    if (!start) return [];
    return [
      {
        role: agent.split('/')[0] ?? agent,
        agent,
        environment: after.environment,
        family: after.family,
        figure: after.name,
        higherIsBetter: figureKind(after.name).higherIsBetter,
        before: measured(start.name, start.value, start.count),
        after: measured(after.name, after.value, after.count),
      },
    ];
  });
  return rows.sort((a, b) => orderOf(a).localeCompare(orderOf(b)));
}
