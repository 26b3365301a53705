// What the header and the numbers of an adapter file must be, once the file has been parsed.
import { RedQueenError } from '@redqueen/core';
import { alignUp, blockSizes, defaultAlignment, maxTensorName } from './format.ts';
import type { GgufHeader } from './reader.ts';

/** Which adapter files fit a base model. */
export interface AdapterExpectation {
  /** Architecture of the base, e.g. "llama". */
  readonly architecture: string;
  /** SHA-256 of the base model's file, hex. */
  readonly baseHash: string;
  /** The matrices that must have an adapter, in the order of the file. */
  readonly matrices: readonly { readonly name: string; readonly inputs: number; readonly outputs: number }[];
  /** Highest rank accepted. */
  readonly maxRank: number;
  /** The one rank accepted; any up to `maxRank` where missing. */
  readonly rank?: number;
  /** Largest size of a weight accepted; 10 000 where missing. */
  readonly maxWeight?: number;
  /** SHA-256 of the adapter file, hex; not checked where missing. */
  readonly sha256?: string;
}

/** Our own key: llama.cpp ignores it, we refuse adapters of another base. */
export const baseKey = 'redqueen.base.sha256';
/** The keys that an adapter file has, no more and no fewer, with their types. */
const types: ReadonlyMap<string, string> = new Map([
  ['general.type', 'string'],
  ['general.architecture', 'string'],
  ['general.file_type', 'u32'],
  ['adapter.type', 'string'],
  ['adapter.lora.alpha', 'f32'],
  [baseKey, 'string'],
]);
/** Largest alpha of an adapter. */
export const maxAlpha = 1024;
/** Largest |weight| accepted where the caller names none: far above what training makes, far below what overflows. */
const defaultMaxWeight = 1e4;
const f32 = 0;
const f16 = 1;
/** More than any accepted adapter's keys need. */
const metadataBytes = 4096;
/** A tensor's entry in the header: lengths, name, two sizes, type and offset. */
const entryBytes = 8 + maxTensorName + 4 + 16 + 4 + 8;

/** An `invalid_argument` error that says what is wrong with an adapter. */
export function refuseAdapter(problem: string): RedQueenError {
  return new RedQueenError('invalid_argument', `adapter: ${problem}`);
}

/** Bytes of the largest file that can be accepted: all matrices at the highest rank in F32. */
export function largestAdapter({ matrices, rank, maxRank }: AdapterExpectation): number {
  const highest = rank ?? maxRank;
  const padded = (elements: number): number => alignUp(4 * elements, defaultAlignment);
  const tensors = matrices.map(({ inputs, outputs }) => 2 * entryBytes + padded(inputs * highest) + padded(outputs * highest));
  return tensors.reduce((sum, bytes) => sum + bytes, metadataBytes);
}

/** Checks the keys, their types and values; returns alpha. Throws `invalid_argument` naming the key. */
export function checkMetadata(header: GgufHeader, expectation: AdapterExpectation): number {
  for (const key of header.metadata.keys()) if (!types.has(key)) throw refuseAdapter(`it has the unknown key "${key}"`);
  for (const [key, type] of types) {
    if (!header.metadata.has(key)) throw refuseAdapter(`the key "${key}" is missing`);
    if (header.types.get(key) !== type) throw refuseAdapter(`"${key}" is of type ${header.types.get(key) ?? 'none'}, not ${type}`);
  }
  const fixed: readonly (readonly [string, string | number])[] = [
    ['general.type', 'adapter'],
    ['adapter.type', 'lora'],
    ['general.file_type', header.tensors.some(({ type }) => type === f16) ? 1 : 0],
    ['general.architecture', expectation.architecture],
    [baseKey, expectation.baseHash],
  ];
  for (const [key, value] of fixed) {
    if (header.metadata.get(key) !== value) throw refuseAdapter(`"${key}" is "${String(header.metadata.get(key))}", not "${value}"`);
  }
  const alpha = header.metadata.get('adapter.lora.alpha') as number;
  if (!(alpha > 0 && alpha <= maxAlpha))
    throw refuseAdapter(`"adapter.lora.alpha" is ${alpha}; it must be above 0 and at most ${maxAlpha}`);
  return alpha;
}

/** Checks names, types, shapes and order of the tensors; returns the rank. Throws `invalid_argument` naming the tensor. */
export function checkTensors(header: GgufHeader, { matrices, maxRank, rank: wantedRank }: AdapterExpectation): number {
  if (header.tensors.length !== 2 * matrices.length)
    throw refuseAdapter(`it has ${header.tensors.length} tensors, not ${2 * matrices.length}`);
  const rank = header.tensors[0]?.shape[1] ?? 0;
  if (rank < 1 || rank > maxRank) throw refuseAdapter(`its rank is ${rank}; 1 to ${maxRank} are accepted`);
  if (wantedRank !== undefined && rank !== wantedRank) throw refuseAdapter(`its rank is ${rank}, not ${wantedRank}`);
  const wanted = matrices.flatMap(({ name, inputs, outputs }) => [
    { name: `${name}.lora_a`, shape: [inputs, rank] },
    { name: `${name}.lora_b`, shape: [rank, outputs] },
  ]);
  for (const [index, { name, shape }] of wanted.entries()) {
    const tensor = header.tensors[index];
    if (tensor?.name !== name) throw refuseAdapter(`tensor ${index} is "${tensor?.name ?? 'missing'}", not "${name}"`);
    if (tensor.type !== f32 && tensor.type !== f16)
      throw refuseAdapter(`"${name}" is of type ${blockSizes.get(tensor.type)?.name ?? tensor.type}, not F32 or F16`);
    if (tensor.shape.join('×') !== shape.join('×'))
      throw refuseAdapter(`"${name}" has the shape ${tensor.shape.join('×')}, not ${shape.join('×')}`);
  }
  return rank;
}

/** Nothing may lie after the last tensor, nor hide between the tensors. Throws `invalid_argument`. */
export function checkExtent(header: GgufHeader, bytes: Uint8Array): void {
  if (header.end !== bytes.length) throw refuseAdapter(`the file has ${bytes.length} bytes where its tensors end at ${header.end}`);
  let end = header.start;
  for (const { name, offset, bytes: length } of header.tensors) {
    end = offset + length;
    if (!isZero(bytes, end, alignUp(end, defaultAlignment))) throw refuseAdapter(`the padding after "${name}" is not empty`);
  }
  if (!isZero(bytes, header.headerEnd, header.start)) throw refuseAdapter('the padding after the header is not empty');
}

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  return bytes.subarray(from, to).every((byte) => byte === 0);
}

/** The numbers of all tensors, F16 widened to F32. Throws `invalid_argument` for one that is not finite or larger than the cap. */
export function readWeights(header: GgufHeader, bytes: Uint8Array, { maxWeight = defaultMaxWeight }: AdapterExpectation): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sizes = header.tensors.map(({ shape }) => shape.reduce((product, size) => product * size, 1));
  const values = new Float32Array(sizes.reduce((sum, size) => sum + size, 0));
  let index = 0;
  for (const [which, { name, offset, type }] of header.tensors.entries()) {
    const end = index + (sizes[which] as number);
    for (let position = offset; index < end; index++) {
      const value = type === f16 ? view.getFloat16(position, true) : view.getFloat32(position, true);
      if (!(Math.abs(value) <= maxWeight)) throw refuseAdapter(`"${name}" holds ${value}; a weight's size must be at most ${maxWeight}`);
      values[index] = value;
      position += type === f16 ? 2 : 4;
    }
  }
  return values;
}
