import { createHash, type Hash } from 'node:crypto';

/** Text that is handed to the hash at once, in characters. */
const piece = 1 << 16;

/** Writes values in one fixed form; equal data gives equal text, whatever engine and whatever order its keys were written in. */
class Writer {
  readonly #hash: Hash = createHash('sha256');
  #text = '';

  #write(text: string): void {
    this.#text += text;
    if (this.#text.length > piece) this.#flush();
  }

  #flush(): void {
    this.#hash.update(this.#text);
    this.#text = '';
  }

  digest(): string {
    this.#flush();
    return this.#hash.digest('hex');
  }

  value(value: unknown): void {
    switch (typeof value) {
      case 'string':
        return this.#write(`s${value.length}:${value}`);
      case 'number':
        // ECMAScript fixes the shortest digits that read back equal; it writes −0 as 0.
        return this.#write(`d${Object.is(value, -0) ? '-0' : value};`);
      case 'object':
        return value === null ? this.#write('n') : this.#object(value);
      case 'boolean':
        return this.#write(value ? 't' : 'f');
      case 'undefined':
        return this.#write('u');
      default:
        throw new TypeError(`${typeof value} is no data`);
    }
  }

  #object(value: object): void {
    if (ArrayBuffer.isView(value)) return this.#write(`${value.constructor.name}[${(value as Uint8Array).join()}]`);
    if (value instanceof Map) return this.#entries('m', [...value]);
    if (Array.isArray(value)) return this.#items(value);
    const entries = Object.entries(value).filter(([, one]) => one !== undefined);
    this.#entries(
      'o',
      entries.sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  }

  #items(items: readonly unknown[]): void {
    this.#write(`a${items.length}[`);
    for (const item of items) this.value(item);
    this.#write(']');
  }

  /** A map's order is part of it: oldest first. */
  #entries(type: string, entries: readonly (readonly [unknown, unknown])[]): void {
    this.#write(`${type}${entries.length}{`);
    for (const [key, value] of entries) {
      this.value(key);
      this.value(value);
    }
    this.#write('}');
  }
}

/** SHA-256 (hex) of plain data: objects, arrays, maps, typed arrays, text, numbers to the last bit. Keys without a value count as absent. Throws `TypeError` for anything else. */
export function canonicalDigest(value: unknown): string {
  const writer = new Writer();
  writer.value(value);
  return writer.digest();
}
