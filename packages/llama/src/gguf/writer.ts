import { renameSync, writeFileSync } from 'node:fs';
import { RedQueenError } from '@redqueen/core';
import {
  alignUp,
  blockSizes,
  defaultAlignment,
  maxTensorName,
  type MetadataEntry,
  type MetadataValue,
  ValueType,
  type ValueTypeName,
} from './format.ts';

/** A tensor to write: F32, or raw bytes of another type. */
export interface TensorData {
  readonly name: string;
  /** Sizes, fastest dimension first. */
  readonly shape: readonly number[];
  readonly data: Float32Array | Uint8Array;
  /** ggml's number of the type; F32 where missing. */
  readonly type?: number;
}

const f32 = 0;

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function string(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([u64(bytes.length), bytes]);
}

function number(type: ValueTypeName, value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  switch (type) {
    case 'u8':
      return bytes.subarray(0, bytes.writeUInt8(Number(value)));
    case 'i8':
      return bytes.subarray(0, bytes.writeInt8(Number(value)));
    case 'u16':
      return bytes.subarray(0, bytes.writeUInt16LE(Number(value)));
    case 'i16':
      return bytes.subarray(0, bytes.writeInt16LE(Number(value)));
    case 'u32':
      return bytes.subarray(0, bytes.writeUInt32LE(Number(value)));
    case 'i32':
      return bytes.subarray(0, bytes.writeInt32LE(Number(value)));
    case 'f32':
      return bytes.subarray(0, bytes.writeFloatLE(Number(value)));
    case 'f64':
      return bytes.subarray(0, bytes.writeDoubleLE(Number(value)));
    case 'u64':
      return bytes.subarray(0, bytes.writeBigUInt64LE(BigInt(value)));
    case 'i64':
      return bytes.subarray(0, bytes.writeBigInt64LE(BigInt(value)));
    default:
      throw new RedQueenError('invalid_argument', `gguf: ${type} holds no number`);
  }
}

function scalar(type: ValueTypeName, value: MetadataValue): Buffer {
  if (type === 'string' && typeof value === 'string') return string(value);
  if (type === 'bool' && typeof value === 'boolean') return Buffer.from([value ? 1 : 0]);
  if (typeof value === 'number' || typeof value === 'bigint') return number(type, value);
  throw new RedQueenError('invalid_argument', `gguf: a value of type ${type} cannot be ${typeof value}`);
}

function entryBytes(entry: MetadataEntry): Buffer {
  const head = [string(entry.key), u32(ValueType[entry.type])];
  if (entry.type !== 'array') return Buffer.concat([...head, scalar(entry.type, entry.value)]);
  const { elements, value } = entry;
  if (elements === undefined || !Array.isArray(value))
    throw new RedQueenError('invalid_argument', `gguf: "${entry.key}" needs an array and the type of its elements`);
  return Buffer.concat([...head, u32(ValueType[elements]), u64(value.length), ...value.map((item) => scalar(elements, item))]);
}

function checkTensor({ name, shape, bytes, type }: PlannedTensor): void {
  const elements = shape.reduce((product, size) => product * size, 1);
  const block = blockSizes.get(type);
  if (block === undefined || (elements / block.elements) * block.bytes !== bytes || Buffer.byteLength(name) > maxTensorName) {
    throw new RedQueenError(
      'invalid_argument',
      `gguf: tensor "${name}" of type ${type} and shape ${shape.join('×')} cannot have ${bytes} bytes, or its name is too long`,
    );
  }
}

/** A tensor whose data are still to come. */
export interface PlannedTensor {
  readonly name: string;
  /** Sizes, fastest dimension first. */
  readonly shape: readonly number[];
  /** ggml's number of the type. */
  readonly type: number;
  readonly bytes: number;
}

/** Everything before the data of the tensors, padded to where the first one starts. Each tensor's data are padded to `defaultAlignment` too. */
export function encodeHeader(metadata: readonly MetadataEntry[], tensors: readonly PlannedTensor[]): Uint8Array {
  const parts: Buffer[] = [Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(metadata.length), ...metadata.map(entryBytes)];
  let offset = 0;
  for (const tensor of tensors) {
    checkTensor(tensor);
    parts.push(string(tensor.name), u32(tensor.shape.length), ...tensor.shape.map(u64), u32(tensor.type), u64(offset));
    offset += alignUp(tensor.bytes, defaultAlignment);
  }
  const header = Buffer.concat(parts);
  return Buffer.concat([header], alignUp(header.length, defaultAlignment));
}

/** A GGUF file (version 3) as bytes; the same input always gives the same bytes. */
export function encodeGguf(metadata: readonly MetadataEntry[], tensors: readonly TensorData[]): Uint8Array {
  const header = encodeHeader(
    metadata,
    tensors.map(({ name, shape, data, type = f32 }) => ({ name, shape, type, bytes: data.byteLength })),
  );
  const length = tensors.reduce((sum, { data }) => sum + alignUp(data.byteLength, defaultAlignment), header.length);
  const file = new Uint8Array(length);
  file.set(header);
  let position = header.length;
  for (const { data } of tensors) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += alignUp(data.byteLength, defaultAlignment);
  }
  return file;
}

/** Writes bytes under a temporary name and renames, so that a reader never sees half a file. */
export function writeFileWhole(path: string, bytes: Uint8Array): void {
  writeFileSync(`${path}.tmp`, bytes);
  renameSync(`${path}.tmp`, path);
}
