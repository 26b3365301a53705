// Random JSON Schemas for property tests, and what validates a value against them: written apart from the grammar, straight from the specification.
import fc from 'fast-check';

/** A JSON Schema of the keywords that random ones have. */
export type Schema = boolean | { readonly [keyword: string]: unknown };

/** Small schemas whose texts tend to be short. */
export const randomSchema: fc.Arbitrary<Schema> = fc.letrec<{ schema: Schema; leaf: Schema }>((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom<Schema>({ type: 'boolean' }, { type: 'null' }, { type: ['null', 'integer'], maximum: 12 }, { type: 'number' }),
    fc
      .tuple(fc.integer({ min: -99, max: 99 }), fc.nat(500))
      .map(([minimum, more]): Schema => ({ type: 'integer', minimum, maximum: minimum + more })),
    fc.tuple(fc.nat(2), fc.nat(3)).map(([minLength, more]): Schema => ({ type: 'string', minLength, maxLength: minLength + more })),
    fc
      .array(fc.oneof(fc.string({ maxLength: 4, unit: 'binary' }), fc.integer(), fc.boolean()), { minLength: 1, maxLength: 3 })
      .map((values): Schema => ({ enum: values })),
    fc.constantFrom<Schema>({ format: 'date' }, { const: { a: ['é', '"\\\n'] } }),
  ),
  schema: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    tie('leaf'),
    fc
      .tuple(
        fc.dictionary(fc.constantFrom('a', 'ab', 'b', '"', 'é'), tie('schema'), { maxKeys: 3 }),
        fc.subarray(['a', 'b', 'c']),
        fc.option(tie('leaf')),
      )
      .map(
        ([properties, required, additionalProperties]): Schema =>
          additionalProperties === null
            ? { type: 'object', properties, required: required.filter((name) => name in properties), additionalProperties: false }
            : { type: 'object', properties, required, additionalProperties },
      ),
    fc
      .tuple(tie('schema'), fc.array(tie('leaf'), { maxLength: 2 }), fc.nat(2), fc.nat(2))
      .map(([items, prefixItems, minItems, more]): Schema => ({ type: 'array', items, prefixItems, minItems, maxItems: minItems + more })),
    fc.array(tie('schema'), { minLength: 1, maxLength: 2 }).map((anyOf): Schema => ({ anyOf })),
  ),
})).schema;

interface Keywords {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly format?: string;
}

type Holder = Readonly<Record<string, unknown>>;

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function isType(value: unknown, type: unknown): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}

function fitsObject(value: Holder, schema: Holder): boolean {
  const {
    properties = {},
    required = [],
    additionalProperties = true,
  } = schema as { properties?: Holder; required?: string[]; additionalProperties?: Schema };
  return (
    required.every((name) => Object.hasOwn(value, name)) &&
    Object.entries(value).every(([name, item]) =>
      fits(item, (Object.hasOwn(properties, name) ? properties[name] : additionalProperties) as Schema),
    )
  );
}

function fitsArray(value: readonly unknown[], schema: Holder): boolean {
  const {
    items = true,
    prefixItems = [],
    minItems = 0,
    maxItems = Infinity,
  } = schema as { items?: Schema; prefixItems?: Schema[]; minItems?: number; maxItems?: number };
  return value.length >= minItems && value.length <= maxItems && value.every((item, index) => fits(item, prefixItems[index] ?? items));
}

/** Whether a value fulfils a schema of those keywords. */
export function fits(value: unknown, schema: Schema): boolean {
  if (typeof schema === 'boolean') return schema;
  const {
    type,
    enum: values,
    anyOf,
    minLength = 0,
    maxLength = Infinity,
    minimum = -Infinity,
    maximum = Infinity,
    format,
  } = schema as Keywords;
  if (type !== undefined && ![type].flat().some((each) => isType(value, each))) return false;
  if ('const' in schema && !same(value, schema['const'])) return false;
  if (values !== undefined && !values.some((each) => same(value, each))) return false;
  if (anyOf !== undefined && !anyOf.some((each) => fits(value, each))) return false;
  if (typeof value === 'number') return value >= minimum && value <= maximum;
  if (typeof value === 'string') {
    const length = Array.from(value).length;
    return length >= minLength && length <= maxLength && (format !== 'date' || new Date(`${value}T00:00Z`).toISOString().startsWith(value));
  }
  if (Array.isArray(value)) return fitsArray(value, schema);
  return value === null || typeof value !== 'object' || fitsObject(value as Holder, schema);
}
