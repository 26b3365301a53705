import { RedQueenError } from '@redqueen/core';
import { integerRange, largestInteger } from './integer-range.ts';
import { formats, jsonRules, literal } from './json-rules.ts';
import { objectRule } from './object-rule.ts';
import {
  alone,
  assertions,
  count,
  isObject,
  list,
  refuse,
  type RuleMaker,
  type SchemaNode,
  type TypeName,
  typeKeywords,
} from './schema-node.ts';

const maxNodes = 4096;

/**
 * GBNF for the JSON texts that a JSON Schema (draft 2020-12) accepts, or for some of them: properties come in the order of the schema, further ones
 * only where additionalProperties asks for them, tuples have all their items, and oneOf is read as anyOf. Throws `invalid_argument` naming the place of
 * what is no schema, of a keyword that cannot be enforced, and of a schema that nothing can fulfil.
 */
export function schemaToGbnf(text: string): string {
  let schema: unknown;
  try {
    schema = JSON.parse(text);
  } catch (cause) {
    throw new RedQueenError('invalid_argument', `schema is no JSON: ${(cause as Error).message}`, { cause });
  }
  return new SchemaRules(schema).grammar();
}

/** The rules of one schema, under construction. */
class SchemaRules implements RuleMaker {
  readonly #document: unknown;
  readonly #rules = new Map<string, string>(Object.entries(jsonRules));
  readonly #references = new Map<string, string>();
  #nodes = 0;

  constructor(document: unknown) {
    this.#document = document;
  }

  /** The whole grammar. */
  grammar(): string {
    const root = this.rule(this.#document, 'schema');
    return [`root ::= ${root}`, ...Array.from(this.#rules, ([name, text]) => `${name} ::= ${text}`)].join('\n');
  }

  /** Adds a rule with that text and answers its name. */
  add(kind: string, text: string): string {
    const name = `${kind}-${this.#rules.size}`;
    this.#rules.set(name, text);
    return name;
  }

  /** The name of the rule for a schema at a place. `within`: references that stand for this very value. */
  rule(schema: unknown, at: string, within: ReadonlySet<string> = new Set()): string {
    if (++this.#nodes > maxNodes) throw refuse(at, `is one schema too many; at most ${maxNodes} are possible`);
    if (schema === true) return 'value';
    if (schema === false) throw refuse(at, 'is false, which no value fulfils');
    if (!isObject(schema)) throw refuse(at, 'must be an object or true');
    const node: SchemaNode = { at, schema };
    const keywords = assertions(node);
    if ('$ref' in schema) return this.#reference(node, keywords, within);
    for (const keyword of ['anyOf', 'oneOf', 'allOf'] as const) if (keyword in schema) return this.#choice(node, keyword, keywords, within);
    if ('const' in schema || 'enum' in schema) return this.#constants(node, keywords);
    return this.#typed(node, keywords);
  }

  #reference(node: SchemaNode, keywords: readonly string[], within: ReadonlySet<string>): string {
    alone(node, '$ref', keywords);
    const at = `${node.at}.$ref`;
    const pointer = node.schema['$ref'];
    if (typeof pointer !== 'string' || !/^#(\/|$)/.test(pointer))
      throw refuse(at, 'must be a place in the same schema, e.g. "#/$defs/node"');
    if (within.has(pointer)) throw refuse(at, `is ${pointer}, which comes back to itself; a reference must lead to a value`);
    const known = this.#references.get(pointer);
    if (known !== undefined) return known;
    let target: unknown = this.#document;
    for (const step of pointer.split('/').slice(1)) {
      const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
      const holder = target;
      target =
        (isObject(holder) || Array.isArray(holder)) && Object.hasOwn(holder, key) ? (holder as Record<string, unknown>)[key] : undefined;
    }
    if (target === undefined) throw refuse(at, `is ${pointer}; there is nothing at that place`);
    const name = this.add('ref', '');
    this.#references.set(pointer, name);
    // A schema under construction that refers to itself without a value in between would be found by its name alone.
    this.#rules.set(
      name,
      this.rule(target, pointer === '#' ? 'schema' : `schema${pointer.slice(1).replaceAll('/', '.')}`, new Set([...within, pointer])),
    );
    return name;
  }

  #choice(node: SchemaNode, keyword: 'anyOf' | 'oneOf' | 'allOf', keywords: readonly string[], within: ReadonlySet<string>): string {
    alone(node, keyword, keywords);
    const at = `${node.at}.${keyword}`;
    const schemas = list(node, keyword);
    if (schemas.length === 0) throw refuse(at, 'is empty; it must hold at least one schema');
    if (keyword === 'allOf' && schemas.length > 1) throw refuse(at, 'with more than one schema cannot be enforced; merge them');
    const rules = schemas.map((schema, index) => this.rule(schema, `${at}[${index}]`, within));
    return rules.length === 1 ? (rules[0] as string) : this.add('choice', rules.join(' | '));
  }

  #constants(node: SchemaNode, keywords: readonly string[]): string {
    const { at, schema } = node;
    alone(
      node,
      'const' in schema ? 'const' : 'enum',
      keywords.filter((name) => name !== 'type'),
    );
    const values = 'const' in schema ? [schema['const']] : list(node, 'enum');
    const types = 'type' in schema ? typesOf(node) : null;
    const fitting = values.filter((value) => types === null || types.some((type) => isOfType(value, type)));
    if (fitting.length === 0) throw refuse(at, 'holds no value of its type');
    return this.add('constant', fitting.map(literal).join(' | '));
  }

  #typed(node: SchemaNode, keywords: readonly string[]): string {
    const types = 'type' in node.schema ? typesOf(node) : typesMeant(keywords);
    if (types.length === 0) return 'value';
    for (const keyword of keywords) {
      if (keyword === 'type' || types.some((type) => (typeKeywords[type] as readonly string[]).includes(keyword))) continue;
      throw refuse(`${node.at}.${keyword}`, `cannot be enforced for the type ${types.join(' or ')}`);
    }
    const rules = types.map((type) => this.#ofType(type, node));
    return rules.length === 1 ? (rules[0] as string) : this.add('choice', rules.join(' | '));
  }

  #ofType(type: TypeName, node: SchemaNode): string {
    if (type === 'object' && typeKeywords.object.some((name) => name in node.schema)) return objectRule(this, node);
    if (type === 'array' && typeKeywords.array.some((name) => name in node.schema)) return this.#array(node);
    if (type === 'string' && typeKeywords.string.some((name) => name in node.schema)) return this.#string(node);
    if (type === 'integer' && typeKeywords.integer.some((name) => name in node.schema)) return this.#integer(node);
    return type;
  }

  #string(node: SchemaNode): string {
    const { at, schema } = node;
    const [least, most] = [count(node, 'minLength', 0), count(node, 'maxLength', Infinity)];
    if (least > most) throw refuse(`${at}.maxLength`, `is ${most}, below minLength ${least}`);
    if (!('format' in schema)) return this.add('string', `"\\"" char{${least},${Number.isFinite(most) ? most : ''}} "\\""`);
    const form = typeof schema['format'] === 'string' && Object.hasOwn(formats, schema['format']) ? formats[schema['format']] : undefined;
    if (form === undefined) throw refuse(`${at}.format`, `cannot be enforced; leave it out (known are ${Object.keys(formats).join(', ')})`);
    if (least > 0 || Number.isFinite(most)) throw refuse(`${at}.format`, 'beside a length cannot be enforced');
    return this.add('string', `"\\"" ${form} "\\""`);
  }

  #integer(node: SchemaNode): string {
    const bound = (keyword: string, otherwise: number): number => {
      const value = node.schema[keyword] ?? otherwise;
      if (typeof value !== 'number' || !Number.isFinite(value)) throw refuse(`${node.at}.${keyword}`, 'must be a number');
      return value;
    };
    const least = Math.max(
      Math.ceil(bound('minimum', -largestInteger)),
      Math.floor(bound('exclusiveMinimum', -largestInteger - 1)) + 1,
      -largestInteger,
    );
    const most = Math.min(
      Math.floor(bound('maximum', largestInteger)),
      Math.ceil(bound('exclusiveMaximum', largestInteger + 1)) - 1,
      largestInteger,
    );
    if (least > most) throw refuse(node.at, `leaves no integer of at most 15 digits: ${least} to ${most}`);
    return this.add('integer', integerRange(least, most));
  }

  #array(node: SchemaNode): string {
    const { at, schema } = node;
    const [least, most] = [count(node, 'minItems', 0), count(node, 'maxItems', Infinity)];
    if (least > most) throw refuse(`${at}.maxItems`, `is ${most}, below minItems ${least}`);
    const first = list(node, 'prefixItems').slice(0, most);
    const closed = schema['items'] === false || most <= first.length;
    if (closed && least > first.length) throw refuse(`${at}.minItems`, `is ${least}, but only ${first.length} items are described`);
    const parts = first.map((item, index) => this.rule(item, `${at}.prefixItems[${index}]`));
    const start = parts.join(' "," ws ');
    if (closed) return this.add('array', `"[" ws ${start} ws "]"`);
    const item = this.rule(schema['items'] ?? true, `${at}.items`);
    const more = this.add('more', `"," ws ${item}`);
    const repeated = (from: number, to: number): string => `${more}{${Math.max(0, from)},${Number.isFinite(to) ? to : ''}}`;
    if (parts.length > 0) return this.add('array', `"[" ws ${start} ${repeated(least - parts.length, most - parts.length)} ws "]"`);
    const some = `${item} ${repeated(least - 1, most - 1)}`;
    return this.add('array', `"[" ws ${least === 0 ? `(${some})?` : some} ws "]"`);
  }
}

/** The types that a schema names. */
function typesOf({ at, schema }: SchemaNode): readonly TypeName[] {
  const given = schema['type'];
  const types = Array.isArray(given) ? given : [given];
  const stranger = types.find((type) => typeof type !== 'string' || !Object.hasOwn(typeKeywords, type));
  if (types.length === 0 || stranger !== undefined)
    throw refuse(`${at}.type`, `is ${JSON.stringify(given)}; it must be one of ${Object.keys(typeKeywords).join(', ')}, or a list of them`);
  return [...new Set(types as TypeName[])];
}

/** Types whose keywords are used: a schema without a type accepts all others too, but these are what is meant. */
function typesMeant(keywords: readonly string[]): readonly TypeName[] {
  return (Object.keys(typeKeywords) as TypeName[]).filter((type) => typeKeywords[type].some((name) => keywords.includes(name)));
}

function isOfType(value: unknown, type: TypeName): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  return type === 'object' ? isObject(value) : typeof value === type;
}
