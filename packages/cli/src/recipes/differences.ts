/** A key that two recipes give different values. */
export interface Difference {
  /** Dotted path; list entries by index. */
  readonly key: string;
  /** A number, text, boolean or null; undefined where the key is missing. */
  readonly before: unknown;
  readonly after: unknown;
}

/** Every leaf by its dotted path. An empty list or object has none: it differs from another by what that one holds. */
function leaves(value: unknown, path: string): [string, unknown][] {
  if (value === undefined) return [];
  if (typeof value !== 'object' || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, child]) => leaves(child, path === '' ? key : `${path}.${key}`));
}

/** The keys in which two values differ, those of the first in their order, then those that only the second has. */
export function differences(first: unknown, second: unknown): Difference[] {
  const [before, after] = [new Map(leaves(first, '')), new Map(leaves(second, ''))];
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((key) => ({ key, before: before.get(key), after: after.get(key) }))
    .filter((difference) => difference.before !== difference.after);
}
