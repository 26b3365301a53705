// LoRA adapters as GGUF files that stock llama.cpp loads.
import { createHash } from 'node:crypto';
import { RedQueenError } from '@redqueen/core';
import { alignUp, defaultAlignment, type MetadataEntry } from './format.ts';
import { type GgufHeader, parseGguf } from './reader.ts';
import { encodeGguf } from './writer.ts';

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
  /** SHA-256 of the adapter file, hex; not checked where missing. */
  readonly sha256?: string;
}

/** An adapter's content. */
export interface AdapterContent {
  readonly rank: number;
  readonly alpha: number;
  /** For each matrix in order: A [inputs, rank], then B [rank, outputs]. */
  readonly values: Float32Array;
}

/** Our own key: llama.cpp ignores it, we refuse adapters of another base. */
const baseKey = 'redqueen.base.sha256';
const f32 = 0;
const types: ReadonlyMap<string, string> = new Map([
  ['general.type', 'string'],
  ['general.architecture', 'string'],
  ['general.file_type', 'u32'],
  ['adapter.type', 'string'],
  ['adapter.lora.alpha', 'f32'],
  [baseKey, 'string'],
]);

/** Encodes an adapter; the same content always gives the same bytes. `values` as in AdapterContent. */
export function encodeAdapter(
  content: AdapterContent,
  base: Pick<AdapterExpectation, 'architecture' | 'baseHash' | 'matrices'>,
): Uint8Array {
  const { rank, alpha, values } = content;
  const metadata: readonly MetadataEntry[] = [
    { key: 'general.type', type: 'string', value: 'adapter' },
    { key: 'general.architecture', type: 'string', value: base.architecture },
    { key: 'general.file_type', type: 'u32', value: 0 },
    { key: 'adapter.type', type: 'string', value: 'lora' },
    { key: 'adapter.lora.alpha', type: 'f32', value: alpha },
    { key: baseKey, type: 'string', value: base.baseHash },
  ];
  let offset = 0;
  const part = (name: string, shape: readonly [number, number]) => {
    const data = values.subarray(offset, (offset += shape[0] * shape[1]));
    return { name, shape, data };
  };
  const tensors = base.matrices.flatMap(({ name, inputs, outputs }) => [
    part(`${name}.lora_a`, [inputs, rank]),
    part(`${name}.lora_b`, [rank, outputs]),
  ]);
  return encodeGguf(metadata, tensors);
}

/** SHA-256 in hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function refuse(problem: string): RedQueenError {
  return new RedQueenError('invalid_argument', `adapter: ${problem}`);
}

/**
 * Checks an adapter file in plain TypeScript, before native code sees it: hash, keys and their types, exact names, shapes and order of the tensors,
 * one rank, finite values, no byte too many. Throws `data_loss` where the hash does not fit and `invalid_argument` for everything else.
 */
export function validateAdapter(bytes: Uint8Array, expectation: AdapterExpectation): AdapterContent {
  if (expectation.sha256 !== undefined && sha256(bytes) !== expectation.sha256.toLowerCase()) {
    throw new RedQueenError('data_loss', `adapter: the file's SHA-256 is ${sha256(bytes)}, not ${expectation.sha256}; fetch it again`);
  }
  const header = parseGguf(bytes, 'adapter');
  const alpha = checkMetadata(header, expectation);
  const rank = checkTensors(header, expectation);
  if (header.end !== bytes.length) throw refuse(`the file has ${bytes.length} bytes where its tensors end at ${header.end}`);
  checkPadding(header, bytes);
  return { rank, alpha, values: readValues(header, bytes) };
}

function checkMetadata(header: GgufHeader, expectation: AdapterExpectation): number {
  for (const key of header.metadata.keys()) if (!types.has(key)) throw refuse(`it has the unknown key "${key}"`);
  for (const [key, type] of types) {
    if (!header.metadata.has(key)) throw refuse(`the key "${key}" is missing`);
    if (header.types.get(key) !== type) throw refuse(`"${key}" is of type ${header.types.get(key) ?? 'none'}, not ${type}`);
  }
  const fixed: readonly (readonly [string, string | number])[] = [
    ['general.type', 'adapter'],
    ['adapter.type', 'lora'],
    ['general.file_type', 0],
    ['general.architecture', expectation.architecture],
    [baseKey, expectation.baseHash],
  ];
  for (const [key, value] of fixed) {
    if (header.metadata.get(key) !== value) throw refuse(`"${key}" is "${String(header.metadata.get(key))}", not "${value}"`);
  }
  const alpha = header.metadata.get('adapter.lora.alpha') as number;
  if (!Number.isFinite(alpha) || alpha <= 0) throw refuse(`"adapter.lora.alpha" is ${alpha}; it must be a positive number`);
  return alpha;
}

function checkTensors(header: GgufHeader, { matrices, maxRank }: AdapterExpectation): number {
  if (header.tensors.length !== 2 * matrices.length) throw refuse(`it has ${header.tensors.length} tensors, not ${2 * matrices.length}`);
  const rank = header.tensors[0]?.shape[1] ?? 0;
  if (rank < 1 || rank > maxRank) throw refuse(`its rank is ${rank}; 1 to ${maxRank} are accepted`);
  for (const [index, { name, inputs, outputs }] of matrices.entries()) {
    const wanted = [
      { name: `${name}.lora_a`, shape: [inputs, rank] },
      { name: `${name}.lora_b`, shape: [rank, outputs] },
    ];
    for (const [part, { name: expected, shape }] of wanted.entries()) {
      const tensor = header.tensors[2 * index + part];
      if (tensor?.name !== expected) throw refuse(`tensor ${2 * index + part} is "${tensor?.name ?? 'missing'}", not "${expected}"`);
      if (tensor.type !== f32) throw refuse(`"${expected}" is of type ${tensor.type}, not F32`);
      if (tensor.shape.join('×') !== shape.join('×'))
        throw refuse(`"${expected}" has the shape ${tensor.shape.join('×')}, not ${shape.join('×')}`);
    }
  }
  return rank;
}

/** Nothing may hide between the tensors. */
function checkPadding(header: GgufHeader, bytes: Uint8Array): void {
  for (const { name, offset, bytes: length } of header.tensors) {
    if (bytes.subarray(offset + length, alignUp(offset + length, defaultAlignment)).some((byte) => byte !== 0))
      throw refuse(`the padding after "${name}" is not empty`);
  }
}

function readValues(header: GgufHeader, bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float32Array(header.tensors.reduce((sum, tensor) => sum + tensor.bytes / 4, 0));
  let index = 0;
  for (const { name, offset, bytes: length } of header.tensors) {
    for (let position = offset; position < offset + length; position += 4) {
      const value = view.getFloat32(position, true);
      if (!Number.isFinite(value)) throw refuse(`"${name}" holds ${value}`);
      values[index++] = value;
    }
  }
  return values;
}
