// JSON in GBNF: what does not depend on a schema (RFC 8259). Whitespace is bounded, so that no text consists of it; numbers are such that a double
// holds them; no escape stands for half a character, so that a string's length is the number of its characters.

/** Rules by name that texts of schemas are made of. */
export const jsonRules: Readonly<Record<string, string>> = {
  ws: '| " " | "\\n" [ \\t]{0,20}',
  hex: '[0-9a-fA-F]',
  escape: '["\\\\/bfnrt] | "u" ([0-9a-cA-CeEfF] hex hex hex | [dD] [0-7] hex hex)',
  char: '[^"\\\\\\x00-\\x1F\\x7F] | "\\\\" escape',
  plain: '[^"\\\\\\x00-\\x1F\\x7F]',
  string: '"\\"" char* "\\""',
  integer: '"-"? ("0" | [1-9] [0-9]{0,14})',
  number: '"-"? ("0" | [1-9] [0-9]{0,14}) ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,2})?',
  boolean: '"true" | "false"',
  null: '"null"',
  value: 'object | array | string | number | boolean | null',
  object: '"{" ws (string ":" ws value ("," ws string ":" ws value)*)? ws "}"',
  array: '"[" ws (value ("," ws value)*)? ws "]"',
};

const days = (last: string): string => `("0" [1-9] | [12] [0-9]${last})`;
/** A day of the calendar: February ends with the 28th, so that no year matters. */
const date =
  `[0-9]{4} "-" (("0" [13578] | "1" [02]) "-" ${days(' | "3" [01]')} | ("0" [469] | "11") "-" ${days(' | "30"')} ` +
  `| "02-" ("0" [1-9] | "1" [0-9] | "2" [0-8]))`;
const clock = '([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9]';
const time = `${clock} ":" [0-5] [0-9] ("." [0-9]{1,6})? ("Z" | [+-] ${clock})`;

/** What a string of a format is, between its quotation marks (RFC 3339, RFC 9562). */
export const formats: Readonly<Record<string, string>> = {
  date,
  time,
  'date-time': `${date} "T" ${time}`,
  uuid: 'hex{8} "-" hex{4} "-" hex{4} "-" hex{4} "-" hex{12}',
};

/** A value's JSON text as a literal of GBNF. */
export function literal(value: unknown): string {
  return `"${JSON.stringify(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** A character of a class of GBNF, whatever it is. */
export function classCharacter(character: string): string {
  return `\\U${(character.codePointAt(0) as number).toString(16).padStart(8, '0')}`;
}
