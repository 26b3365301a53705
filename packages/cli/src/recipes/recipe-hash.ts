import { hash } from '@redqueen/core';
import { parse } from 'yaml';

/** The value with the keys of every object in alphabetical order, so that their order in a file does not matter. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, child]) => [key, sorted(child)]));
}

type Readable = Readonly<Record<string, unknown>> & { readonly claim?: Readonly<Record<string, unknown>> };

/**
 * Version of a recipe: SHA-256 (16 hex digits) over what its YAML says. Comments, the order of keys and texts for people (description, headline, leavesOut)
 * do not count: they change nothing that is measured.
 */
export function recipeHash(text: string): string {
  const { description: _, claim, ...rest } = (parse(text) ?? {}) as Readable;
  const { headline: __, leavesOut: ___, ...measured } = claim ?? {};
  return hash(JSON.stringify(sorted({ ...rest, claim: measured }))).slice(0, 16);
}
