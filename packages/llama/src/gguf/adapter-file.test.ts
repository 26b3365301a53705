import { RedQueenError } from '@redqueen/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomNumbers } from '../testing/tiny-model.ts';
import { type AdapterContent, type AdapterExpectation, encodeAdapter, sha256, validateAdapter } from './adapter-file.ts';
import type { MetadataEntry } from './format.ts';
import { parseGguf } from './reader.ts';
import { encodeGguf, type TensorData } from './writer.ts';

const expectation: AdapterExpectation = {
  architecture: 'llama',
  baseHash: 'b'.repeat(64),
  maxRank: 8,
  matrices: [
    { name: 'blk.0.attn_q.weight', inputs: 6, outputs: 10 },
    { name: 'blk.0.attn_k.weight', inputs: 6, outputs: 4 },
  ],
};
const rank = 3;
const content: AdapterContent = { rank, alpha: 6, values: randomNumbers(rank * (6 + 10 + 6 + 4), 1, 1) };
const file = encodeAdapter(content, expectation);

const metadata: readonly MetadataEntry[] = [
  { key: 'general.type', type: 'string', value: 'adapter' },
  { key: 'general.architecture', type: 'string', value: 'llama' },
  { key: 'general.file_type', type: 'u32', value: 0 },
  { key: 'adapter.type', type: 'string', value: 'lora' },
  { key: 'adapter.lora.alpha', type: 'f32', value: 6 },
  { key: 'redqueen.base.sha256', type: 'string', value: expectation.baseHash },
];
const tensor = (name: string, shape: readonly number[]): TensorData => ({
  name,
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5),
});
const tensors = (r: number): readonly TensorData[] => [
  tensor('blk.0.attn_q.weight.lora_a', [6, r]),
  tensor('blk.0.attn_q.weight.lora_b', [r, 10]),
  tensor('blk.0.attn_k.weight.lora_a', [6, r]),
  tensor('blk.0.attn_k.weight.lora_b', [r, 4]),
];
const withEntry = (key: string, change: Partial<MetadataEntry>): Uint8Array =>
  encodeGguf(
    metadata.map((entry) => (entry.key === key ? { ...entry, ...change } : entry)),
    tensors(rank),
  );
const withTensor = (index: number, change: TensorData): Uint8Array =>
  encodeGguf(
    metadata,
    tensors(rank).map((entry, which) => (which === index ? change : entry)),
  );
const withBytes = (change: (bytes: Uint8Array) => void): Uint8Array => {
  const bytes = file.slice();
  change(bytes);
  return bytes;
};
const placeOf = (text: string): number => Buffer.from(file).indexOf(text);
/** First byte of the type number of a tensor with two dimensions: after its name, the number of dimensions and two sizes. */
const typePlace = (name: string): number => placeOf(name) + name.length + 4 + 16;

const bad: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ['empty', new Uint8Array(0), /no GGUF file/],
  ['another magic number', withBytes((bytes) => (bytes[0] = 0x67)), /no GGUF file/],
  ['an old version', withBytes((bytes) => (bytes[4] = 1)), /version 1/],
  ['cut off in the header', file.subarray(0, 100), /truncated/],
  ['cut off in the data', file.subarray(0, file.length - 32), /bytes where its tensors end/],
  ['a byte too many', Uint8Array.from([...file, 0]), /bytes where its tensors end/],
  ['an unknown key', encodeGguf([...metadata, { key: 'x', type: 'u32', value: 1 }], tensors(rank)), /unknown key "x"/],
  ['a missing key', encodeGguf(metadata.slice(0, -1), tensors(rank)), /"redqueen\.base\.sha256" is missing/],
  ['a key twice', encodeGguf([...metadata, ...metadata.slice(0, 1)], tensors(rank)), /appears twice/],
  ['a key of another type', withEntry('adapter.lora.alpha', { type: 'f64' }), /of type f64/],
  ['another architecture', withEntry('general.architecture', { value: 'qwen2' }), /"general\.architecture" is "qwen2"/],
  ['another base model', withEntry('redqueen.base.sha256', { value: 'c'.repeat(64) }), /redqueen\.base\.sha256/],
  ['no adapter', withEntry('general.type', { value: 'model' }), /"general\.type" is "model"/],
  ['no LoRA', withEntry('adapter.type', { value: 'ia3' }), /"adapter\.type" is "ia3"/],
  ['alpha 0', withEntry('adapter.lora.alpha', { value: 0 }), /alpha" is 0/],
  ['alpha NaN', withEntry('adapter.lora.alpha', { value: Number.NaN }), /alpha" is NaN/],
  ['a missing tensor', encodeGguf(metadata, tensors(rank).slice(0, 3)), /3 tensors, not 4/],
  ['a tensor too many', encodeGguf(metadata, [...tensors(rank), tensor('extra', [1])]), /5 tensors, not 4/],
  ['no tensors', encodeGguf(metadata, []), /0 tensors, not 4/],
  ['a stranger among the tensors', withTensor(1, tensor('blk.0.attn_v.weight.lora_b', [rank, 10])), /not "blk\.0\.attn_q\.weight\.lora_b"/],
  ['a tensor twice', withTensor(1, tensor('blk.0.attn_q.weight.lora_a', [6, rank])), /appears twice/],
  ['tensors in another order', encodeGguf(metadata, tensors(rank).toReversed()), /tensor 0 is "blk\.0\.attn_k\.weight\.lora_b"/],
  ['a transposed tensor', withTensor(1, tensor('blk.0.attn_q.weight.lora_b', [10, rank])), /shape 10×3, not 3×10/],
  ['a tensor of one dimension', withTensor(1, tensor('blk.0.attn_q.weight.lora_b', [30])), /shape 30, not 3×10/],
  ['a tensor of three dimensions', withTensor(1, tensor('blk.0.attn_q.weight.lora_b', [rank, 10, 1])), /shape 3×10×1/],
  ['two ranks', withTensor(2, tensor('blk.0.attn_k.weight.lora_a', [6, 2])), /shape 6×2, not 6×3/],
  ['too high a rank', encodeGguf(metadata, tensors(9)), /rank is 9/],
  ['a tensor of another type', withBytes((bytes) => (bytes[typePlace('blk.0.attn_k.weight.lora_b')] = 26)), /of type I32, not F32 or F16/],
  ['a tensor of an unknown type', withBytes((bytes) => (bytes[typePlace('blk.0.attn_k.weight.lora_b')] = 200)), /unknown type 200/],
  ['a tensor that lies elsewhere', withBytes((bytes) => (bytes[typePlace('blk.0.attn_k.weight.lora_a') + 4] = 1)), /lies at/],
  ['a file type that its tensors do not have', withEntry('general.file_type', { value: 1 }), /"general\.file_type" is "1", not "0"/],
  ['alpha beyond the cap', withEntry('adapter.lora.alpha', { value: 1025 }), /alpha" is 1025; it must be above 0 and at most 1024/],
  ['a NaN', encodeAdapter({ ...content, values: content.values.with(5, Number.NaN) }, expectation), /holds NaN/],
  ['an infinity', encodeAdapter({ ...content, values: content.values.with(70, -Infinity) }, expectation), /holds -Infinity/],
  ['a weight beyond the cap', encodeAdapter({ ...content, values: content.values.with(9, -1e5) }, expectation), /holds -100000/],
  ['more bytes than any adapter of the base', new Uint8Array(1 << 20), /the file has 1048576 bytes; one for this base has at most/],
  ['something hidden after the header', withBytes((bytes) => (bytes[parseGguf(bytes, 'test').headerEnd] = 1)), /padding after the header/],
  ['something hidden in the padding', withBytes((bytes) => (bytes[bytes.length - 1] = 1)), /padding/],
];

describe('an adapter file', () => {
  it('gives back what was put in', () => {
    expect(validateAdapter(file, { ...expectation, sha256: sha256(file) })).toEqual(content);
  });

  it('is the same to the byte for the same content', () => {
    expect(encodeAdapter(content, expectation)).toEqual(file);
  });

  it('of the one rank asked for is accepted, another is refused', () => {
    expect(validateAdapter(file, { ...expectation, rank })).toEqual(content);
    expect(() => validateAdapter(file, { ...expectation, rank: 4 })).toThrow(/its rank is 3, not 4/);
  });

  it('of F16 numbers is widened, minus zero and subnormal numbers included', () => {
    const bits = [0x3c00, 0xc000, 0x8000, 0x0001, 0x7bff, 0x2e66];
    const expected = Float32Array.from([1, -2, -0, 2 ** -24, 65504, Math.fround(0.0999755859375)]);
    const half = tensors(rank).map(({ name, shape, data }) => ({
      name,
      shape,
      type: 1,
      data: new Uint8Array(Uint16Array.from({ length: data.length }, (_, index) => bits[index % bits.length] ?? 0).buffer),
    }));
    const halves = encodeGguf(
      metadata.map((entry) => (entry.key === 'general.file_type' ? { ...entry, value: 1 } : entry)),
      half,
    );
    expect(validateAdapter(halves, { ...expectation, maxWeight: 65504 }).values.subarray(0, bits.length)).toEqual(expected);
    expect(() => validateAdapter(halves, expectation)).toThrow(/holds 65504; a weight's size must be at most 10000/);
    expect(() => validateAdapter(encodeGguf(metadata, half), expectation)).toThrow(/"general\.file_type" is "0", not "1"/);
  });

  it('is found out by its hash before anything in it is read', () => {
    expect(() =>
      validateAdapter(
        withBytes((bytes) => (bytes[0] = 0)),
        { ...expectation, sha256: sha256(file) },
      ),
    ).toThrow(expect.objectContaining({ code: 'data_loss' }));
  });

  it.each(bad)('with %s is refused', (_, bytes, message) => {
    expect(() => validateAdapter(bytes, expectation)).toThrow(message);
    expect(() => validateAdapter(bytes, expectation)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });

  it('with flipped bits is refused, or differs only in its numbers', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(file.length * 8 - 1), { minLength: 1, maxLength: 4 }), (bits) => {
        const broken = file.slice();
        for (const bit of new Set(bits)) broken[bit >> 3] = (broken[bit >> 3] as number) ^ (1 << (bit & 7));
        try {
          const { values, rank: seen } = validateAdapter(broken, expectation);
          expect(seen).toBe(rank);
          expect(values.length).toBe(content.values.length);
          expect(values.every(Number.isFinite)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(RedQueenError);
        }
        expect(() => validateAdapter(broken, { ...expectation, sha256: sha256(file) })).toThrow(
          expect.objectContaining({ code: 'data_loss' }),
        );
      }),
      { numRuns: 1500 },
    );
  });
});
