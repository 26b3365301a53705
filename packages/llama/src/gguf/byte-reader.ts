import { RedQueenError } from '@redqueen/core';
import type { ValueTypeName } from './format.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** A number, or a bigint where a number would lose digits. */
function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Reads little-endian values from bytes. Every read is checked against the end; nothing read is trusted as a length before that. */
export class ByteReader {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #label: string;
  #position = 0;

  /** `label` begins every error message. */
  constructor(bytes: Uint8Array, label: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#label = label;
  }

  get position(): number {
    return this.#position;
  }

  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  /** An `invalid_argument` error that says what is wrong with the file. */
  refuse(problem: string): RedQueenError {
    return new RedQueenError('invalid_argument', `${this.#label}: ${problem}`);
  }

  /** Moves over `length` bytes and returns where they started. */
  take(length: number, what: string): number {
    if (length > this.remaining) throw new TruncatedFile(this.#label, what);
    const start = this.#position;
    this.#position += length;
    return start;
  }

  u32(what: string): number {
    return this.#view.getUint32(this.take(4, what), true);
  }

  /** A 64-bit count or length, refused above `limit`. */
  count(what: string, limit: number): number {
    const value = this.#view.getBigUint64(this.take(8, what), true);
    if (value > BigInt(limit)) throw this.refuse(`${what} is ${value}, more than the ${limit} possible`);
    return Number(value);
  }

  /** A length-prefixed UTF-8 string of at most `limit` bytes. */
  string(what: string, limit: number): string {
    const length = this.count(`length of ${what}`, limit);
    const start = this.take(length, what);
    try {
      return utf8.decode(this.#bytes.subarray(start, start + length));
    } catch {
      throw this.refuse(`${what} is not valid UTF-8`);
    }
  }

  /** A metadata value of a simple type. */
  scalar(type: Exclude<ValueTypeName, 'array'>, what: string, stringLimit: number): number | bigint | boolean | string {
    const view = this.#view;
    switch (type) {
      case 'u8':
        return view.getUint8(this.take(1, what));
      case 'i8':
        return view.getInt8(this.take(1, what));
      case 'u16':
        return view.getUint16(this.take(2, what), true);
      case 'i16':
        return view.getInt16(this.take(2, what), true);
      case 'u32':
        return view.getUint32(this.take(4, what), true);
      case 'i32':
        return view.getInt32(this.take(4, what), true);
      case 'f32':
        return view.getFloat32(this.take(4, what), true);
      case 'u64':
        return exact(view.getBigUint64(this.take(8, what), true));
      case 'i64':
        return exact(view.getBigInt64(this.take(8, what), true));
      case 'f64':
        return view.getFloat64(this.take(8, what), true);
      case 'string':
        return this.string(what, stringLimit);
      case 'bool': {
        const byte = view.getUint8(this.take(1, what));
        if (byte > 1) throw this.refuse(`${what} is a boolean with the value ${byte}`);
        return byte === 1;
      }
    }
  }
}

/** The bytes end before the header does. A caller that holds only the start of a file may come back with more. */
export class TruncatedFile extends RedQueenError {
  constructor(label: string, what: string) {
    super('invalid_argument', `${label}: the file ends inside ${what}; it is truncated`);
  }
}
