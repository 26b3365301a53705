/** An item of a sequence: the name of a rule, or null for a character. */
export type Item = string | null;

/** Rules by name: the alternatives of each, as sequences. Every name in them must be there. */
export type Rules = ReadonlyMap<string, readonly (readonly Item[])[]>;

/** Rules whose text can be empty: the least fixed point. */
function nullableRules(rules: Rules): ReadonlySet<string> {
  const nullable = new Set<string>();
  for (let grown = true; grown; ) {
    grown = false;
    for (const [name, alternatives] of rules) {
      if (nullable.has(name) || !alternatives.some((items) => items.every((item) => item !== null && nullable.has(item)))) continue;
      nullable.add(name);
      grown = true;
    }
  }
  return nullable;
}

/** Rules that can come first in each rule, before any character. */
function leftmostRules(rules: Rules, nullable: ReadonlySet<string>): ReadonlyMap<string, readonly string[]> {
  const leftmost = (items: readonly Item[]): readonly string[] => {
    const end = items.findIndex((item) => item === null || !nullable.has(item));
    return items.slice(0, end < 0 ? items.length : end + 1).filter((item) => item !== null);
  };
  return new Map(Array.from(rules, ([name, alternatives]) => [name, alternatives.flatMap(leftmost)]));
}

/** A rule that can come back to itself without a character in between; null where there is none. Rules made for groups are named by their owner. */
export function findLeftRecursion(rules: Rules): string | null {
  const leftmost = leftmostRules(rules, nullableRules(rules));
  const settled = new Set<string>();
  for (const start of rules.keys()) {
    const path = new Set<string>();
    const todo: { readonly name: string; readonly leaving: boolean }[] = [{ name: start, leaving: false }];
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      const { name, leaving } = next;
      if (leaving) {
        path.delete(name);
        settled.add(name);
      } else if (path.has(name)) return name.split(' ')[0] as string;
      else if (!settled.has(name)) {
        path.add(name);
        todo.push({ name, leaving: true }, ...(leftmost.get(name) ?? []).map((first) => ({ name: first, leaving: false })));
      }
    }
  }
  return null;
}
