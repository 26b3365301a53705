import { RedQueenError } from './errors.ts';

/** Things by name. */
export interface Registry<Item extends { readonly name: string }> {
  readonly names: readonly string[];
  /** Throws `invalid_argument`, listing the known names, where there is none of that name. */
  get(name: string): Item;
}

/** A registry of what a recipe may name. `what` says in error messages what is looked up. Throws `already_exists` where two share a name. */
export function registryOf<Item extends { readonly name: string }>(what: string, items: readonly Item[]): Registry<Item> {
  const byName = new Map<string, Item>();
  for (const item of items) {
    if (byName.has(item.name)) throw new RedQueenError('already_exists', `${what} ${item.name} is registered twice; rename one of them`);
    byName.set(item.name, item);
  }
  const names = [...byName.keys()].sort();
  return {
    names,
    get(name) {
      const item = byName.get(name);
      if (!item) throw new RedQueenError('invalid_argument', `there is no ${what} ${JSON.stringify(name)}; known: ${names.join(', ')}`);
      return item;
    },
  };
}
