import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkGbnf } from './gbnf.ts';
import { integerRange } from './integer-range.ts';
import { schemaToGbnf } from './json-schema.ts';

const gbnf = (schema: unknown): string => schemaToGbnf(JSON.stringify(schema));

/** The part of GBNF that integer ranges use, as a regular expression. */
const asPattern = (text: string): RegExp => new RegExp(`^(?:${text.replace(/"([^"]*)"/g, '$1').replaceAll(' ', '')})$`);

describe('an integer range', () => {
  it('holds the integers between its bounds and no others', () => {
    const integer = fc.oneof(fc.integer({ min: -120, max: 120 }), fc.integer({ min: -100_000, max: 100_000 }));
    fc.assert(
      fc.property(integer, integer, integer, (a, b, value) => {
        const [least, most] = [Math.min(a, b), Math.max(a, b)];
        const pattern = asPattern(integerRange(least, most));
        for (const candidate of [value, least, most, least - 1, most + 1])
          expect([candidate, pattern.test(String(candidate))]).toEqual([candidate, candidate >= least && candidate <= most]);
        expect(pattern.test('00')).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a schema', () => {
  it.each([
    [true],
    [{}],
    [{ type: 'object', properties: { a: { type: 'string' } }, required: ['a', 'b'], additionalProperties: { type: 'integer' } }],
    [{ type: ['string', 'null'], minLength: 2, title: 'annotated', 'x-mine': 1 }],
    [{ $ref: '#/$defs/node', $defs: { node: { properties: { next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] } } } } }],
    [{ prefixItems: [{ const: 'a' }, { enum: [1, null, { b: ['"\\\n'] }] }], items: { format: 'date' }, minItems: 4 }],
    [{ type: 'integer', minimum: -(2 ** 53) + 1, maximum: 2 ** 53 - 1 }],
  ])('%j becomes a grammar', (schema) => {
    expect(() => checkGbnf(gbnf(schema), 'root')).not.toThrow();
  });

  it.each([
    [{ properties: { age: { type: 'integr' } } }, /^schema\.properties\.age\.type is "integr"; it must be one of object,/],
    [{ items: { pattern: 'a+' } }, /^schema\.items\.pattern cannot be enforced/],
    [{ anyOf: [{ type: 'null' }, 7] }, /^schema\.anyOf\[1\] must be an object or true/],
    [{ anyOf: [], description: 'none' }, /^schema\.anyOf is empty/],
    [{ allOf: [{}, {}] }, /^schema\.allOf with more than one/],
    [{ anyOf: [{}], properties: {} }, /^schema\.properties beside anyOf/],
    [{ $ref: '#/$defs/a' }, /^schema\.\$ref is #\/\$defs\/a; there is nothing/],
    [{ $ref: 'other.json' }, /^schema\.\$ref must be a place/],
    [{ $ref: '#' }, /^schema\.\$ref is #, which comes back to itself/],
    [{ minLength: 3, maxLength: 2 }, /^schema\.maxLength is 2, below minLength 3/],
    [{ maxLength: 9999 }, /at most 1999/],
    [{ minItems: -1 }, /^schema\.minItems must be a whole number/],
    [{ minItems: 2, items: false }, /^schema\.minItems is 2, but only 0/],
    [{ type: 'string', format: 'email' }, /^schema\.format cannot be enforced/],
    [{ type: 'number', minimum: 1 }, /^schema\.minimum cannot be enforced for the type number/],
    [{ type: 'integer', minimum: 1.5, maximum: 1.9 }, /^schema leaves no integer/],
    [{ type: 'string', enum: [1] }, /^schema holds no value of its type/],
    [{ required: ['a'], additionalProperties: false }, /^schema\.required\[0\] is "a"/],
    [false, /^schema is false/],
    ['string', /^schema must be an object/],
  ])('%j is refused', (schema, message) => {
    expect(() => gbnf(schema)).toThrow(message);
  });

  it('that is no JSON is refused', () => {
    expect(() => schemaToGbnf('{"type":')).toThrow(/^schema is no JSON/);
  });
});
