/** A key that two recipes give different values. */
export interface Difference {
  /** Dotted path; list entries by index. */
  readonly key: string;
  /** JSON, empty where the key is missing. */
  readonly before: string;
  readonly after: string;
}

/** Every leaf by its dotted path. An empty list or object has none: it differs from another by what that one holds. */
function leaves(value: unknown, path: string): [string, string][] {
  if (value === undefined) return [];
  if (typeof value !== 'object' || value === null) return [[path, JSON.stringify(value)]];
  return Object.entries(value).flatMap(([key, child]) => leaves(child, path === '' ? key : `${path}.${key}`));
}

/** The keys in which two values differ, those of the first in their order, then those that only the second has. */
export function differences(first: unknown, second: unknown): Difference[] {
  const [before, after] = [new Map(leaves(first, '')), new Map(leaves(second, ''))];
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((key) => ({ key, before: before.get(key) ?? '', after: after.get(key) ?? '' }))
    .filter((difference) => difference.before !== difference.after);
}
