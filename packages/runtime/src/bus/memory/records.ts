/** What the journal holds: every change of the bus, in the order in which it happened. */
export type JournalRecord =
  | { readonly type: 'run'; readonly run: string }
  | { readonly type: 'deleted'; readonly run: string }
  | {
      readonly type: 'message';
      readonly run: string;
      readonly to: string;
      readonly id: string;
      readonly storedAt: number;
      readonly bytes: Uint8Array;
    }
  | { readonly type: 'acknowledged'; readonly run: string; readonly mailbox: string; readonly sequence: number }
  | {
      readonly type: 'value';
      readonly bucket: string;
      readonly key: string;
      readonly revision: number;
      readonly value: Uint8Array | undefined;
    }
  | { readonly type: 'object'; readonly bucket: string; readonly name: string; readonly bytes: Uint8Array | undefined };

/** In the order of their numbers in the file. */
const types = ['run', 'message', 'acknowledged', 'value', 'object', 'deleted'] as const;
const present = new Uint8Array([1]);
const absent = new Uint8Array([0]);

function text(value: string): Uint8Array[] {
  const bytes = Buffer.from(value, 'utf8');
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32LE(bytes.length);
  return [length, bytes];
}

function number(value: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleLE(value);
  return bytes;
}

function optional(value: Uint8Array | undefined): Uint8Array[] {
  return value ? [present, value] : [absent];
}

function fields(record: JournalRecord): Uint8Array[] {
  switch (record.type) {
    case 'run':
    case 'deleted':
      return text(record.run);
    case 'message':
      return [...text(record.run), ...text(record.to), ...text(record.id), number(record.storedAt), record.bytes];
    case 'acknowledged':
      return [...text(record.run), ...text(record.mailbox), number(record.sequence)];
    case 'value':
      return [...text(record.bucket), ...text(record.key), number(record.revision), ...optional(record.value)];
    case 'object':
      return [...text(record.bucket), ...text(record.name), ...optional(record.bytes)];
  }
}

/** One byte for the type, then its fields; the bytes of unknown length come last. */
export function encodeRecord(record: JournalRecord): Buffer {
  return Buffer.concat([new Uint8Array([types.indexOf(record.type)]), ...fields(record)]);
}

class Cursor {
  readonly #bytes: Buffer;
  #at = 1;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  text(): string {
    const length = this.#bytes.readUInt32LE(this.#at);
    this.#at += 4 + length;
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }

  number(): number {
    this.#at += 8;
    return this.#bytes.readDoubleLE(this.#at - 8);
  }

  rest(): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(this.#at));
  }

  optional(): Uint8Array | undefined {
    return this.#bytes[this.#at++] === 1 ? this.rest() : undefined;
  }
}

/** Reads what {@link encodeRecord} wrote. Throws where the type is unknown. */
export function decodeRecord(bytes: Buffer): JournalRecord {
  const type = types[bytes[0] ?? -1];
  const cursor = new Cursor(bytes);
  // Object literals evaluate in order of writing, which is the order of the fields.
  switch (type) {
    case 'run':
    case 'deleted':
      return { type, run: cursor.text() };
    case 'message':
      return { type, run: cursor.text(), to: cursor.text(), id: cursor.text(), storedAt: cursor.number(), bytes: cursor.rest() };
    case 'acknowledged':
      return { type, run: cursor.text(), mailbox: cursor.text(), sequence: cursor.number() };
    case 'value':
      return { type, bucket: cursor.text(), key: cursor.text(), revision: cursor.number(), value: cursor.optional() };
    case 'object':
      return { type, bucket: cursor.text(), name: cursor.text(), bytes: cursor.optional() };
    default:
      throw new Error(`unknown record type ${bytes[0]}`);
  }
}
