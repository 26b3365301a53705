// GBNF as llama.cpp reads it (grammars/README.md of llama.cpp). It prints what is wrong to standard error only, so we look first and say where.
import { RedQueenError } from '@redqueen/core';
import { GbnfReader } from './gbnf-reader.ts';
import { findLeftRecursion, type Item, type Rules } from './left-recursion.ts';

const ruleName = /[a-zA-Z0-9-]+/y;
const maxBytes = 1 << 18;
const maxNesting = 64;
/** llama.cpp's bound on the rules that one repetition makes (MAX_REPETITION_THRESHOLD). */
const maxRepetitions = 2000;
/** Most characters and references that repetitions may unfold to in all. */
const maxElements = 1 << 20;

/** A part of a sequence with what its repetition would cost. */
interface Part {
  /** What matters of it for left recursion: one character stands for any number of them, and one copy for all. */
  readonly items: readonly Item[];
  /** Rules that it stands for. */
  readonly rules: number;
  /** Characters and references that a copy of it takes. */
  readonly elements: number;
}

/**
 * Checks a GBNF grammar. Throws `invalid_argument` with line and column where it cannot be read, names a rule that is missing, and a rule that
 * could go on forever without a character (left recursion), on which llama.cpp would hang.
 */
export function checkGbnf(text: string, root: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes) throw refuse(`it has ${bytes} bytes; at most ${maxBytes} are possible`);
  if (text.includes('\0')) throw refuse('it holds a character 0; write "\\x00"');
  const { rules, references } = new GbnfParser(new GbnfReader(text)).parse();
  if (!rules.has(root)) throw refuse(`it has no rule "${root}", which says what the whole text is`);
  for (const [name, error] of references) if (!rules.has(name)) throw error;
  const recursive = findLeftRecursion(rules);
  if (recursive !== null)
    throw refuse(`rule "${recursive}" can come back to itself before any character (left recursion); let a character come first`);
}

function refuse(problem: string): RedQueenError {
  return new RedQueenError('invalid_argument', `grammar: ${problem}`);
}

/** Recursive descent; groups and repetitions become rules of their own, as in llama.cpp. */
class GbnfParser {
  readonly #reader: GbnfReader;
  readonly #rules: Map<string, readonly (readonly Item[])[]> = new Map();
  /** Names referred to, with the error should there be no such rule. */
  readonly #references = new Map<string, RedQueenError>();
  #made = 0;
  #elements = 0;

  constructor(reader: GbnfReader) {
    this.#reader = reader;
  }

  parse(): { readonly rules: Rules; readonly references: ReadonlyMap<string, RedQueenError> } {
    const reader = this.#reader;
    reader.skipSpace(true);
    while (!reader.ended) {
      const name = this.#name();
      reader.skipSpace(false);
      reader.expect('::=');
      reader.skipSpace(true);
      this.#rules.set(name, this.#alternatives(name, 0));
      if (!reader.ended && reader.match(/\r\n|\r|\n/y) === '')
        throw reader.refuse('a literal, a class, a rule or the end of the line is expected');
      reader.skipSpace(true);
    }
    return { rules: this.#rules, references: this.#references };
  }

  #name(): string {
    const name = this.#reader.match(ruleName);
    if (name === '') throw this.#reader.refuse("a rule's name is expected (letters, digits and hyphens)");
    return name;
  }

  #alternatives(owner: string, depth: number): readonly (readonly Item[])[] {
    if (depth > maxNesting) throw this.#reader.refuse(`groups are nested more than ${maxNesting} deep; give some of them names`);
    const alternatives = [this.#sequence(owner, depth)];
    while (this.#reader.take('|')) {
      this.#reader.skipSpace(true);
      alternatives.push(this.#sequence(owner, depth));
    }
    return alternatives;
  }

  #sequence(owner: string, depth: number): readonly Item[] {
    const items: Item[] = [];
    for (let part = this.#part(owner, depth); part !== null; part = this.#part(owner, depth)) {
      let repeated: Part = part;
      this.#reader.skipSpace(depth > 0);
      for (let times = this.#repetition(depth); times !== null; times = this.#repetition(depth))
        repeated = this.#repeat(owner, repeated, times);
      items.push(...repeated.items);
      this.#elements += repeated.elements;
      if (this.#elements > maxElements) throw this.#reader.refuse('the grammar grows too large here; use fewer repetitions');
    }
    return items;
  }

  /** One literal, class, reference or group; null where none stands here. */
  #part(owner: string, depth: number): Part | null {
    const reader = this.#reader;
    if (reader.sees('<') || reader.sees('!')) throw reader.refuse('tokens cannot be named here; write the text that they stand for');
    if (reader.take('"')) return this.#characters('"');
    if (reader.take('[')) {
      reader.take('^');
      // A class is one character, whatever it holds; an empty one is nothing, as in llama.cpp.
      return this.#characters(']');
    }
    if (reader.take('.')) return { items: [null], rules: 1, elements: 1 };
    if (reader.take('(')) return this.#group(owner, depth);
    const here = reader.mark();
    const name = reader.match(ruleName);
    if (name === '') return null;
    if (!this.#references.has(name)) this.#references.set(name, reader.refuse(`there is no rule "${name}"`, here));
    return { items: [name], rules: 1, elements: 1 };
  }

  #characters(close: string): Part {
    let elements = 0;
    for (; !this.#reader.take(close); elements++) this.#reader.character();
    return { items: elements > 0 ? [null] : [], rules: 1, elements };
  }

  #group(owner: string, depth: number): Part {
    const before = this.#rules.size;
    this.#reader.skipSpace(true);
    const name = this.#newRule(owner, []);
    this.#rules.set(name, this.#alternatives(owner, depth + 1));
    this.#reader.expect(')');
    return { items: [name], rules: Math.max(1, this.#rules.size - before), elements: 1 };
  }

  #newRule(owner: string, alternatives: readonly (readonly Item[])[]): string {
    // No name that a text can give has a space.
    const name = `${owner} ${this.#made++}`;
    this.#rules.set(name, alternatives);
    return name;
  }

  /** The bounds of a repetition that stands here; null for none. */
  #repetition(depth: number): { readonly least: number; readonly most: number } | null {
    const reader = this.#reader;
    const skip = <Value>(value: Value): Value => {
      reader.skipSpace(depth > 0);
      return value;
    };
    if (reader.take('*')) return skip({ least: 0, most: Infinity });
    if (reader.take('+')) return skip({ least: 1, most: Infinity });
    if (reader.take('?')) return skip({ least: 0, most: 1 });
    if (!reader.take('{')) return null;
    skip(0);
    const least = this.#count();
    let most = least;
    skip(0);
    if (reader.take(',')) {
      skip(0);
      most = reader.sees('}') ? Infinity : this.#count();
      skip(0);
    }
    reader.expect('}');
    if (most < least) throw reader.refuse(`from ${least} to ${most} is no range`);
    return skip({ least, most });
  }

  #count(): number {
    const digits = this.#reader.match(/[0-9]{1,9}/y);
    if (digits === '') throw this.#reader.refuse('a whole number is expected');
    if (Number(digits) > maxRepetitions)
      throw this.#reader.refuse(`${digits} repetitions are too many; at most ${maxRepetitions} are possible`);
    return Number(digits);
  }

  /** S{m,n} is m times S and then a rule of its own that allows n − m more. */
  #repeat(owner: string, part: Part, { least, most }: { readonly least: number; readonly most: number }): Part {
    const total = Math.max(1, Number.isFinite(most) ? most : least);
    if (part.rules * total >= maxRepetitions)
      throw this.#reader.refuse('this repeats too many rules; repeat less often, or fewer groups within each other');
    const times = least > 0 ? part.items : [];
    if (most === least) return { items: times, rules: part.rules * total, elements: part.elements * Math.max(1, least) };
    const rest = this.#newRule(owner, []);
    this.#rules.set(rest, [[...part.items, ...(Number.isFinite(most) ? [] : [rest])], []]);
    return { items: [...times, rest], rules: part.rules * total, elements: (part.elements + 1) * total };
  }
}
