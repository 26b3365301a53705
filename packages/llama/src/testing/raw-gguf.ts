// A GGUF writer without any check: for files that no honest writer makes.

/** A metadata entry: its type's number and its value as bytes. */
export interface RawEntry {
  readonly key: Buffer;
  readonly type: number;
  readonly value: Buffer;
}

/** A tensor's entry in the header. */
export interface RawTensor {
  readonly name: Buffer;
  readonly sizes: readonly bigint[];
  readonly type: number;
  readonly offset: bigint;
  /** Its bytes, without padding. */
  readonly data: Buffer;
}

/** Everything in a file. Counts that are left out are true. */
export interface RawGguf {
  readonly magic: string;
  readonly version: number;
  readonly tensorCount?: bigint;
  readonly entryCount?: bigint;
  readonly entries: readonly RawEntry[];
  readonly tensors: readonly RawTensor[];
}

/** Four bytes, little-endian. */
export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** Eight bytes, little-endian. */
export function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

/** A 32-bit float, little-endian. */
export function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

/** A string with its length before it; `length` claims another one. */
export function text(value: string | Buffer, length?: bigint): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([u64(length ?? BigInt(bytes.length)), bytes]);
}

/** Bytes up to the next multiple of 32. */
function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 31)]);
}

/** The places at which the parts of a file begin: the counts, the entries, the tensors' entries, the data, and where each tensor's data begins. */
export interface Sections {
  readonly entries: number;
  readonly tensors: number;
  readonly headerEnd: number;
  readonly data: readonly number[];
  readonly end: number;
}

function headerOf(gguf: RawGguf): { readonly head: Buffer; readonly entries: Buffer; readonly tensors: Buffer } {
  const { magic, version, entries, tensors } = gguf;
  const counts = [u64(gguf.tensorCount ?? BigInt(tensors.length)), u64(gguf.entryCount ?? BigInt(entries.length))];
  return {
    head: Buffer.concat([Buffer.from(magic, 'latin1'), u32(version), ...counts]),
    entries: Buffer.concat(entries.flatMap(({ key, type, value }) => [text(key), u32(type), value])),
    tensors: Buffer.concat(
      tensors.flatMap(({ name, sizes, type, offset }) => [text(name), u32(sizes.length), ...sizes.map(u64), u32(type), u64(offset)]),
    ),
  };
}

/** The bytes of a file, whatever it says. */
export function rawGguf(gguf: RawGguf): Buffer {
  const { head, entries, tensors } = headerOf(gguf);
  return Buffer.concat([padded(Buffer.concat([head, entries, tensors])), ...gguf.tensors.map(({ data }) => padded(data))]);
}

/** Where the parts of a file lie. */
export function sectionsOf(gguf: RawGguf): Sections {
  const { head, entries, tensors } = headerOf(gguf);
  const headerEnd = head.length + entries.length + tensors.length;
  let position = headerEnd + (-headerEnd & 31);
  const data = gguf.tensors.map((tensor) => {
    const start = position;
    position += padded(tensor.data).length;
    return start;
  });
  return { entries: head.length, tensors: head.length + entries.length, headerEnd, data, end: position };
}
