import { RedQueenError } from '@redqueen/core';

const hexDigits = { x: 2, u: 4, U: 8 } as const;
const plainEscapes = 'trn\\"[]-';

/** Reads GBNF text from its beginning to its end, and knows the place in errors. */
export class GbnfReader {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Whether everything is read. */
  get ended(): boolean {
    return this.#position >= this.#text.length;
  }

  /** Whether the text goes on with these characters. */
  sees(text: string): boolean {
    return this.#text.startsWith(text, this.#position);
  }

  /** Reads these characters where the text goes on with them. */
  take(text: string): boolean {
    if (!this.sees(text)) return false;
    this.#position += text.length;
    return true;
  }

  /** Reads these characters. Throws where something else stands. */
  expect(text: string): void {
    if (!this.take(text)) throw this.refuse(`"${text}" is expected`);
  }

  /** Passes over spaces and comments, and over ends of lines where these mean nothing. */
  skipSpace(acrossLines: boolean): void {
    const space = acrossLines ? /(?:[ \t\r\n]|#[^\r\n]*)*/y : /(?:[ \t]|#[^\r\n]*)*/y;
    this.match(space);
  }

  /** What a sticky pattern matches here, and passes over it; empty where it does not match. */
  match(pattern: RegExp): string {
    pattern.lastIndex = this.#position;
    const [found = ''] = pattern.exec(this.#text) ?? [];
    this.#position += found.length;
    return found;
  }

  /** Reads one character of a literal or a class, escaped or not. */
  character(): void {
    if (this.ended) throw this.refuse('the text ends within a literal or a class');
    if (!this.take('\\')) {
      this.#position += (this.#text.codePointAt(this.#position) as number) > 0xffff ? 2 : 1;
      return;
    }
    const kind = this.#text[this.#position] ?? '';
    if (kind in hexDigits) {
      const digits = hexDigits[kind as keyof typeof hexDigits];
      this.#position++;
      if (this.match(new RegExp(`[0-9a-fA-F]{${digits}}`, 'y')) === '') throw this.refuse(`\\${kind} needs ${digits} hexadecimal digits`);
    } else if (kind !== '' && plainEscapes.includes(kind)) this.#position++;
    else throw this.refuse(`"\\${kind}" is no escape; write "\\\\" for a backslash`);
  }

  /** This place, for an error about it later. */
  mark(): number {
    return this.#position;
  }

  /** An error at this place, or at one marked before. */
  refuse(problem: string, place = this.#position): RedQueenError {
    const lines = this.#text.slice(0, place).split(/\r\n|\r|\n/);
    return new RedQueenError(
      'invalid_argument',
      `grammar, line ${lines.length}, column ${(lines.at(-1) as string).length + 1}: ${problem}`,
    );
  }
}
