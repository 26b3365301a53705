// LoRA adapters as GGUF files that stock llama.cpp loads.
import { createHash } from 'node:crypto';
import { RedQueenError } from '@redqueen/core';
import {
  type AdapterExpectation,
  baseKey,
  checkExtent,
  checkMetadata,
  checkTensors,
  largestAdapter,
  readWeights,
  refuseAdapter,
} from './adapter-checks.ts';
import type { MetadataEntry } from './format.ts';
import { parseGguf } from './reader.ts';
import { encodeGguf } from './writer.ts';

export type { AdapterExpectation } from './adapter-checks.ts';

/** An adapter's content. */
export interface AdapterContent {
  readonly rank: number;
  readonly alpha: number;
  /** For each matrix in order: A [inputs, rank], then B [rank, outputs]. */
  readonly values: Float32Array;
}

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

/**
 * Checks an adapter file in plain TypeScript, before native code sees it: size, hash, keys and their types, exact names, types, shapes and order of
 * the tensors, one rank, no byte too many, and finite weights within the cap. Numbers of F16 files are widened. Throws `data_loss` where the hash does not fit and
 * `invalid_argument` for everything else.
 */
export function validateAdapter(bytes: Uint8Array, expectation: AdapterExpectation): AdapterContent {
  const largest = largestAdapter(expectation);
  if (bytes.length > largest) throw refuseAdapter(`the file has ${bytes.length} bytes; one for this base has at most ${largest}`);
  if (expectation.sha256 !== undefined && sha256(bytes) !== expectation.sha256.toLowerCase()) {
    throw new RedQueenError('data_loss', `adapter: the file's SHA-256 is ${sha256(bytes)}, not ${expectation.sha256}; fetch it again`);
  }
  const header = parseGguf(bytes, 'adapter');
  const alpha = checkMetadata(header, expectation);
  const rank = checkTensors(header, expectation);
  checkExtent(header, bytes);
  return { rank, alpha, values: readWeights(header, bytes, expectation) };
}
