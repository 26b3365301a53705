import { RedQueenError } from '@redqueen/core';

/** A schema that is an object, with the place where it stands, e.g. "schema.properties.age". */
export interface SchemaNode {
  readonly at: string;
  readonly schema: Readonly<Record<string, unknown>>;
}

/** Where the rules of a grammar are made. */
export interface RuleMaker {
  /** Adds a rule with that text and answers its name. */
  add(kind: string, text: string): string;
  /** The name of the rule for a schema at a place. */
  rule(schema: unknown, at: string): string;
}

/** An error about a place in a schema. */
export function refuse(at: string, problem: string): RedQueenError {
  return new RedQueenError('invalid_argument', `${at} ${problem}`);
}

const annotations = new Set(
  '$schema $id $comment $anchor $defs definitions title description default examples deprecated readOnly writeOnly'.split(' '),
);

/** Keywords that constrain a value of a type. */
export const typeKeywords = {
  object: ['properties', 'required', 'additionalProperties'],
  array: ['items', 'prefixItems', 'minItems', 'maxItems'],
  string: ['minLength', 'maxLength', 'format'],
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
  number: [],
  boolean: [],
  null: [],
} as const;

/** The types of JSON Schema. */
export type TypeName = keyof typeof typeKeywords;

const known = new Set<string>(['type', 'enum', 'const', 'anyOf', 'oneOf', 'allOf', '$ref', ...Object.values(typeKeywords).flat()]);

/** The keywords of a schema that say something about values. Throws naming one that cannot be enforced. */
export function assertions({ at, schema }: SchemaNode): readonly string[] {
  const names = Object.keys(schema).filter((name) => !annotations.has(name) && !name.startsWith('x-'));
  for (const name of names)
    if (!known.has(name))
      throw refuse(`${at}.${name}`, `cannot be enforced while sampling; leave it out (known are ${[...known].join(', ')})`);
  return names;
}

/** The schema's only keyword of this kind must stand alone. Throws naming what stands beside it. */
export function alone({ at }: SchemaNode, keyword: string, keywords: readonly string[]): void {
  const other = keywords.find((name) => name !== keyword);
  if (other !== undefined) throw refuse(`${at}.${other}`, `beside ${keyword} cannot be enforced; put it into the schemas of ${keyword}`);
}

/** A whole number from 0; the default where the keyword is missing. */
export function count({ at, schema }: SchemaNode, keyword: string, otherwise: number, most = 1999): number {
  const value = schema[keyword];
  if (value === undefined) return otherwise;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) throw refuse(`${at}.${keyword}`, `must be a whole number from 0`);
  if (value > most) throw refuse(`${at}.${keyword}`, `is ${value}; at most ${most} can be enforced`);
  return value;
}

/** A list; the empty one where the keyword is missing. */
export function list({ at, schema }: SchemaNode, keyword: string): readonly unknown[] {
  const value = schema[keyword] ?? [];
  if (!Array.isArray(value)) throw refuse(`${at}.${keyword}`, 'must be a list');
  return value;
}

/** Whether a value is an object of JSON. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
