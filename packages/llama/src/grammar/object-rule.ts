import { classCharacter, literal } from './json-rules.ts';
import { isObject, list, refuse, type RuleMaker, type SchemaNode } from './schema-node.ts';

interface Property {
  /** GBNF for name and value. */
  readonly text: string;
  readonly required: boolean;
}

/** The name of a rule for objects: the properties in the schema's order, those that are not required left out or not, then further ones where wanted. */
export function objectRule(rules: RuleMaker, node: SchemaNode): string {
  const { at, schema } = node;
  const described = schema['properties'] ?? {};
  if (!isObject(described)) throw refuse(`${at}.properties`, 'must be an object');
  const required = list(node, 'required');
  for (const [index, name] of required.entries()) {
    if (typeof name !== 'string') throw refuse(`${at}.required[${index}]`, 'must be the name of a property');
    if (!Object.hasOwn(described, name) && schema['additionalProperties'] === false)
      throw refuse(
        `${at}.required[${index}]`,
        `is ${JSON.stringify(name)}, which properties does not describe and additionalProperties forbids`,
      );
  }
  const further = schema['additionalProperties'];
  const names = [...new Set([...Object.keys(described), ...(required as string[])])];
  const properties = names.map((name): Property => {
    const own = Object.hasOwn(described, name);
    const value = own ? rules.rule(described[name], `${at}.properties.${name}`) : rules.rule(further ?? true, `${at}.additionalProperties`);
    return { text: `${literal(name)} ":" ws ${value}`, required: required.includes(name) };
  });
  const extra =
    further === undefined || further === false ? null : extraProperty(rules, names, rules.rule(further, `${at}.additionalProperties`));
  return rules.add('object', `"{" ws ${firstOf(rules, properties, extra)} ws "}"`);
}

/**
 * GBNF for the properties from the first that is there. `rest` is what may follow a property, built from the end; `start` what may stand where none
 * has been yet.
 */
function firstOf(rules: RuleMaker, properties: readonly Property[], extra: string | null): string {
  let rest = extra === null ? '""' : rules.add('rest', `("," ws ${extra})*`);
  let start = extra === null ? '""' : rules.add('start', `(${extra} ${rest})?`);
  for (const { text, required } of properties.toReversed()) {
    start = rules.add('start', required ? `${text} ${rest}` : `${text} ${rest} | ${start}`);
    rest = rules.add('rest', required ? `"," ws ${text} ${rest}` : `("," ws ${text})? ${rest}`);
  }
  return start;
}

/** Name and value of a property that none of the names is. Its name has no escapes: these could spell a name that is described. */
function extraProperty(rules: RuleMaker, names: readonly string[], value: string): string {
  return rules.add('extra', `"\\"" ${otherName(rules, names)} "\\"" ":" ws ${value}`);
}

/** The name of a rule for texts of plain characters that are none of these: at each character, go on along a name, or leave all of them. */
function otherName(rules: RuleMaker, names: readonly string[]): string {
  const byFirst = new Map<string, string[]>();
  for (const [first, ...others] of names.filter((name) => name !== '').map((name) => Array.from(name)))
    byFirst.set(first as string, [...(byFirst.get(first as string) ?? []), others.join('')]);
  const along = Array.from(byFirst, ([first, others]) => `[${classCharacter(first)}] ${otherName(rules, others)}`);
  const away = `[^"\\\\\\x00-\\x1F\\x7F${Array.from(byFirst.keys(), classCharacter).join('')}] plain*`;
  return rules.add('name', [...(names.includes('') ? [] : ['""']), away, ...along].join(' | '));
}
