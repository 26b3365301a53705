import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { RedQueenError } from '@redqueen/core';
import { ByteReader, TruncatedFile } from './byte-reader.ts';
import {
  alignUp,
  blockSizes,
  defaultAlignment,
  maxTensorName,
  type MetadataValue,
  type TensorInfo,
  ValueType,
  type ValueTypeName,
} from './format.ts';

/** The header of a GGUF file. */
export interface GgufHeader {
  readonly metadata: ReadonlyMap<string, MetadataValue>;
  /** Types of the metadata, "array:f32" for arrays. */
  readonly types: ReadonlyMap<string, string>;
  /** In the order of the file. */
  readonly tensors: readonly TensorInfo[];
  /** First byte after the header itself; padding follows. */
  readonly headerEnd: number;
  /** First byte of the tensors' data. */
  readonly start: number;
  /** First byte after the last tensor's padding. */
  readonly end: number;
}

const limits = { key: 1 << 10, string: 1 << 24, metadata: 1 << 16, tensors: 1 << 20, elements: 1 << 24 } as const;
const typeNames: ReadonlyMap<number, ValueTypeName> = new Map(
  Object.entries(ValueType).map(([name, number]) => [number, name as ValueTypeName]),
);

function valueType(reader: ByteReader, what: string): ValueTypeName {
  const number = reader.u32(`type of ${what}`);
  const name = typeNames.get(number);
  if (name === undefined) throw reader.refuse(`${what} has the unknown type ${number}`);
  return name;
}

function arrayOf(reader: ByteReader, what: string): { readonly type: string; readonly value: MetadataValue } {
  const element = valueType(reader, `the elements of ${what}`);
  if (element === 'array') throw reader.refuse(`${what} is an array of arrays`);
  const count = reader.count(`length of ${what}`, Math.min(limits.elements, reader.remaining));
  const value: (number | bigint | boolean | string)[] = [];
  for (let index = 0; index < count; index++) value.push(reader.scalar(element, what, limits.string));
  return { type: `array:${element}`, value };
}

function readMetadata(reader: ByteReader, count: number): Pick<GgufHeader, 'metadata' | 'types'> {
  const metadata = new Map<string, MetadataValue>();
  const types = new Map<string, string>();
  for (let index = 0; index < count; index++) {
    const key = reader.string(`metadata key ${index}`, limits.key);
    if (key === '') throw reader.refuse(`metadata key ${index} is empty`);
    if (metadata.has(key)) throw reader.refuse(`metadata key "${key}" appears twice`);
    const type = valueType(reader, `"${key}"`);
    const entry = type === 'array' ? arrayOf(reader, `"${key}"`) : { type, value: reader.scalar(type, `"${key}"`, limits.string) };
    metadata.set(key, entry.value);
    types.set(key, entry.type);
  }
  return { metadata, types };
}

type Unplaced = Omit<TensorInfo, 'offset'> & { readonly relative: number };

function readTensorInfo(reader: ByteReader, index: number): Unplaced {
  const name = reader.string(`name of tensor ${index}`, maxTensorName);
  if (name === '') throw reader.refuse(`tensor ${index} has no name`);
  const dimensions = reader.u32(`dimensions of "${name}"`);
  if (dimensions < 1 || dimensions > 4) throw reader.refuse(`tensor "${name}" has ${dimensions} dimensions; 1 to 4 are possible`);
  const shape: number[] = [];
  for (let axis = 0; axis < dimensions; axis++) shape.push(reader.count(`size ${axis} of "${name}"`, Number.MAX_SAFE_INTEGER));
  const type = reader.u32(`type of "${name}"`);
  const block = blockSizes.get(type);
  if (block === undefined) throw reader.refuse(`tensor "${name}" has the unknown type ${type}`);
  const elements = shape.reduce((product, size) => product * size, 1);
  if (shape.some((size) => size < 1) || !Number.isSafeInteger(elements * block.bytes))
    throw reader.refuse(`tensor "${name}" has the impossible shape ${shape.join('×')}`);
  if ((shape[0] as number) % block.elements !== 0)
    throw reader.refuse(`rows of "${name}" are no multiple of its type's block of ${block.elements}`);
  const relative = reader.count(`offset of "${name}"`, Number.MAX_SAFE_INTEGER);
  return { name, shape, type, bytes: (elements / block.elements) * block.bytes, relative };
}

/** Offsets must follow each other without gaps, as every writer makes them and llama.cpp demands. */
function place(reader: ByteReader, unplaced: readonly Unplaced[], alignment: number): Omit<GgufHeader, 'metadata' | 'types'> {
  const headerEnd = reader.position;
  const start = alignUp(headerEnd, alignment);
  let next = 0;
  const tensors = unplaced.map(({ relative, ...tensor }) => {
    if (relative !== next) throw reader.refuse(`tensor "${tensor.name}" lies at ${relative} where ${next} is due`);
    next = alignUp(relative + tensor.bytes, alignment);
    return { ...tensor, offset: start + relative };
  });
  return { tensors, headerEnd, start, end: start + next };
}

/**
 * Parses the header of a GGUF file. `bytes` may be only the file's beginning; nothing beyond the header is touched.
 * `label` names the file in errors. Throws `invalid_argument`, and TruncatedFile where the header goes on after `bytes`.
 */
export function parseGguf(bytes: Uint8Array, label: string): GgufHeader {
  const reader = new ByteReader(bytes, label);
  if (bytes.length < 4 || Buffer.from(bytes.subarray(0, 4)).toString('latin1') !== 'GGUF') throw reader.refuse('it is no GGUF file');
  reader.take(4, 'the magic number');
  const version = reader.u32('the version');
  if (version !== 3 && version !== 2) throw reader.refuse(`GGUF version ${version} is not supported; 2 and 3 are`);
  const tensorCount = reader.count('number of tensors', limits.tensors);
  const entryCount = reader.count('number of metadata entries', limits.metadata);
  const { metadata, types } = readMetadata(reader, entryCount);
  const alignment = metadata.get('general.alignment') ?? defaultAlignment;
  if (typeof alignment !== 'number' || alignment < 8 || alignment > 1 << 16 || (alignment & (alignment - 1)) !== 0) {
    throw reader.refuse(`"general.alignment" is ${String(alignment)}; it must be a power of two from 8 to 65536`);
  }
  const names = new Set<string>();
  const unplaced: Unplaced[] = [];
  for (let index = 0; index < tensorCount; index++) {
    const tensor = readTensorInfo(reader, index);
    if (names.has(tensor.name)) throw reader.refuse(`tensor "${tensor.name}" appears twice`);
    names.add(tensor.name);
    unplaced.push(tensor);
  }
  return { metadata, types, ...place(reader, unplaced, alignment) };
}

/** Reads the header of a file on disk, in growing pieces. Throws `failed_precondition` where it cannot be read, is no GGUF file or is cut off. */
export function readGgufHeader(path: string): GgufHeader {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    throw new RedQueenError('failed_precondition', `model: ${path} cannot be opened; check the path and its permissions`, { cause });
  }
  try {
    const size = fstatSync(file).size;
    for (let length = Math.min(size, 1 << 20); ; length = Math.min(size, length * 4)) {
      const bytes = new Uint8Array(length);
      readSync(file, bytes, 0, length, 0);
      try {
        const header = parseGguf(bytes, `model ${path}`);
        const last = header.tensors.at(-1);
        if (last !== undefined && last.offset + last.bytes > size) throw new TruncatedFile(`model ${path}`, `tensor "${last.name}"`);
        return header;
      } catch (error) {
        if (error instanceof TruncatedFile && length < size) continue;
        throw new RedQueenError('failed_precondition', RedQueenError.from(error).message, { cause: error });
      }
    }
  } finally {
    closeSync(file);
  }
}
