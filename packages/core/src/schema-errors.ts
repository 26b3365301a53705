import type { z } from 'zod';
import { RedQueenError } from './errors.ts';

type Definition = {
  readonly innerType?: z.ZodType;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly element?: z.ZodType;
  readonly valueType?: z.ZodType;
};

/** The keys that the schema knows at a path; empty where it is not an object there. */
function keysAt(schema: z.ZodType | undefined, path: readonly PropertyKey[]): readonly string[] {
  if (schema === undefined) return [];
  const definition = schema._zod.def as Definition;
  if (definition.innerType !== undefined) return keysAt(definition.innerType, path);
  const [key, ...rest] = path;
  if (key === undefined) return Object.keys(definition.shape ?? {});
  return keysAt(definition.shape?.[String(key)] ?? definition.element ?? definition.valueType, rest);
}

/** "roles.executor" or "environments[0].use". */
function pathText(path: readonly PropertyKey[]): string {
  return path.map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index === 0 ? '' : '.'}${String(key)}`)).join('');
}

function issueText(schema: z.ZodType, issue: z.core.$ZodIssue): string {
  const place = pathText(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => (place === '' ? key : `${place}.${key}`)).join(', ');
    return `${names}: unknown key; known here: ${keysAt(schema, issue.path).join(', ') || 'none'}`;
  }
  return place === '' ? issue.message : `${place}: ${issue.message}`;
}

/**
 * The value as the schema reads it, defaults filled in.
 * Throws `invalid_argument` with one line a fault; each names the key, and for an unknown key those that are known in its place.
 */
export function parseWith<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => issueText(schema, issue));
  throw new RedQueenError('invalid_argument', lines.length === 1 ? `${what}: ${lines[0]}` : `${what}:\n  ${lines.join('\n  ')}`, {
    cause: result.error,
  });
}
