import { RedQueenError } from '@redqueen/core';
import { foreignVariables, variablePrefix, type Environment } from './environment.ts';

/** A tree of settings. */
export interface Settings {
  readonly [key: string]: unknown;
}

/** One source of settings. */
export interface Layer {
  /** Where the keys come from, by dotted path; what is not listed comes from `source`. */
  readonly source: string;
  readonly settings: Settings;
  readonly sources?: Readonly<Record<string, string>>;
}

/** Whether a value is a tree of settings and not a leaf. */
export function isSettings(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every leaf of a tree with its dotted path. */
export function leaves(settings: Settings, prefix = ''): [path: string, value: unknown][] {
  return Object.entries(settings).flatMap(([key, value]) =>
    isSettings(value) ? leaves(value, `${prefix}${key}.`) : [[`${prefix}${key}`, value] as [string, unknown]],
  );
}

/** A tree with these leaves. */
export function treeOf(entries: Iterable<readonly [path: string, value: unknown]>): Settings {
  const root: Record<string, unknown> = {};
  for (const [path, value] of entries) {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    let branch = root;
    for (const key of keys) {
      if (!isSettings(branch[key])) branch[key] = {};
      branch = branch[key] as Record<string, unknown>;
    }
    branch[last] = value;
  }
  return root;
}

/** WORLD_MODEL, worldModel and world-model are the same key. */
function normal(key: string): string {
  return key.replaceAll(/[-_]/g, '').toLowerCase();
}

/** The path that a variable names among the known keys; the message of the error lists them. */
function pathOfVariable(name: string, known: Settings): string[] {
  const path: string[] = [];
  let branch: unknown = known;
  for (const part of name.slice(variablePrefix.length).split('__')) {
    const keys: readonly string[] = isSettings(branch) ? Object.keys(branch) : [];
    const key = keys.find((candidate) => normal(candidate) === normal(part));
    if (key === undefined) {
      const place = path.length > 0 ? `${path.join('.')} has` : 'there are';
      throw new RedQueenError(
        'invalid_argument',
        `environment variable ${name}: unknown key ${part}; ${place} ${keys.join(', ') || 'no keys below it'}`,
      );
    }
    path.push(key);
    branch = (branch as Settings)[key];
  }
  return path;
}

/** Text as the kind of value that the default is; text that is none is left for the schema to refuse. */
function typed(text: string, like: unknown): unknown {
  if (typeof like === 'number' && text.trim() !== '' && Number.isFinite(Number(text))) return Number(text);
  if (typeof like === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

/** The settings that environment variables make. `defaults` says which keys there are and of what type. */
export function environmentLayer(environment: Environment, defaults: Settings): Layer {
  const found = new Map<string, { value: unknown; source: string }>();
  const typeOf = new Map(leaves(defaults));
  const set = (path: string, text: string, name: string) =>
    found.set(path, { value: typed(text, typeOf.get(path)), source: `environment variable ${name}` });
  for (const [name, path] of Object.entries(foreignVariables)) {
    const text = environment[name];
    if (text) set(path, text, name);
  }
  for (const [name, text] of Object.entries(environment)) {
    if (name.startsWith(variablePrefix) && text !== undefined) set(pathOfVariable(name, defaults).join('.'), text, name);
  }
  return {
    source: 'environment',
    settings: treeOf([...found].map(([path, { value }]) => [path, value] as const)),
    sources: Object.fromEntries([...found].map(([path, { source }]) => [path, source])),
  };
}
