import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RedQueenError } from '@redqueen/core';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { temporaryFolder, tinySize, writeTinyModel } from '../testing/tiny-model.ts';
import { hyperParametersOf } from '../model/hyper-parameters.ts';
import type { MetadataEntry } from './format.ts';
import { parseGguf, readGgufHeader } from './reader.ts';
import { encodeGguf } from './writer.ts';

const folder = temporaryFolder();
afterAll(() => folder.dispose());

const entries: readonly MetadataEntry[] = [
  { key: 'a.u8', type: 'u8', value: 255 },
  { key: 'a.i8', type: 'i8', value: -128 },
  { key: 'a.u16', type: 'u16', value: 65535 },
  { key: 'a.i16', type: 'i16', value: -32768 },
  { key: 'a.u32', type: 'u32', value: 4294967295 },
  { key: 'a.i32', type: 'i32', value: -2147483648 },
  { key: 'a.f32', type: 'f32', value: 0.5 },
  { key: 'a.f64', type: 'f64', value: 0.1 },
  { key: 'a.u64', type: 'u64', value: 2n ** 60n },
  { key: 'a.i64', type: 'i64', value: -7 },
  { key: 'a.bool', type: 'bool', value: true },
  { key: 'a.string', type: 'string', value: 'häufig 🙂' },
  { key: 'a.strings', type: 'array', elements: 'string', value: ['x', '', 'yz'] },
  { key: 'a.numbers', type: 'array', elements: 'f32', value: [1, -2.5] },
  { key: 'a.empty', type: 'array', elements: 'string', value: [] },
];
const tensors = [
  { name: 'one', shape: [3], data: Float32Array.from([1, 2, 3]) },
  { name: 'two', shape: [2, 5], data: new Float32Array(10).fill(4) },
];
const file = encodeGguf(entries, tensors);

describe('a GGUF file', () => {
  it('reads back what was written', () => {
    const header = parseGguf(file, 'test');
    for (const entry of entries) expect(header.metadata.get(entry.key)).toEqual(entry.value);
    expect(header.types.get('a.strings')).toBe('array:string');
    expect(header.tensors.map(({ name, shape, type }) => ({ name, shape, type }))).toEqual([
      { name: 'one', shape: [3], type: 0 },
      { name: 'two', shape: [2, 5], type: 0 },
    ]);
    expect(header.end).toBe(file.length);
    const { offset = 0 } = header.tensors[0] ?? {};
    expect(new Float32Array(file.slice(offset, offset + 12).buffer)).toEqual(tensors[0]?.data);
  });

  it('is refused with one clear error wherever it is cut off', () => {
    const header = parseGguf(file, 'test');
    const headerEnd = header.tensors[0]?.offset ?? 0;
    for (let length = 0; length < headerEnd - 32; length++)
      expect(() => parseGguf(file.subarray(0, length), 'test')).toThrow(RedQueenError);
  });

  it('never makes the reader fail in another way, whatever bytes it has', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }), (changes) => {
        const broken = file.slice();
        for (const [place, value] of changes) broken[place] = value;
        try {
          parseGguf(broken, 'test');
        } catch (error) {
          expect(error).toBeInstanceOf(RedQueenError);
          expect((error as RedQueenError).code).toBe('invalid_argument');
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('is not read into memory by a length that it only claims', () => {
    const claiming = file.slice();
    new DataView(claiming.buffer).setBigUint64(24, 2n ** 62n, true);
    expect(() => parseGguf(claiming, 'test')).toThrow(/metadata key 0 is 4611686018427387904, more than/);
  });
});

describe('a model file', () => {
  const path = writeTinyModel(folder.path);

  it('tells its hyper-parameters', () => {
    expect(hyperParametersOf(readGgufHeader(path))).toMatchObject({
      ...tinySize,
      architecture: 'llama',
      headSize: 16,
      vocabulary: 259,
      ropeMode: 0,
    });
  });

  it.each([
    ['is missing', () => join(folder.path, 'nowhere.gguf'), /cannot be opened/],
    ['is no GGUF file', () => write('text.gguf', Buffer.from('once upon a time')), /no GGUF file/],
    ['is empty', () => write('empty.gguf', Buffer.alloc(0)), /no GGUF file/],
    ['is cut off', () => cut(writeTinyModel(folder.path, 2)), /truncated/],
  ])('that %s is refused as a failed precondition', (_, make, message) => {
    const bad = make();
    expect(() => readGgufHeader(bad)).toThrow(message);
    expect(() => readGgufHeader(bad)).toThrow(expect.objectContaining({ code: 'failed_precondition' }));
  });

  it.each([
    ['another architecture', { 'general.architecture': 'mamba' }, /architecture is mamba/],
    ['experts', { 'llama.expert_count': 8 }, /expert_count/],
    ['stretched positions', { 'llama.rope.scaling.type': 'longrope' }, /RoPE scaling "longrope"/],
    ['no layers', { 'llama.block_count': 0 }, /block_count" is 0/],
    ['an adapter', { 'general.type': 'adapter' }, /LoRA adapter/],
  ])('with %s says why it cannot be trained', (_, changes, message) => {
    const header = readGgufHeader(path);
    const metadata = new Map([...header.metadata, ...Object.entries(changes)]);
    expect(() => hyperParametersOf({ ...header, metadata })).toThrow(message);
  });

  it('with a tensor that our graph lacks says which', () => {
    const header = readGgufHeader(path);
    const extra = { name: 'blk.0.ffn_gate_exps.weight', type: 0, shape: [1], offset: 0, bytes: 4 };
    expect(() => hyperParametersOf({ ...header, tensors: [...header.tensors, extra] })).toThrow(/blk\.0\.ffn_gate_exps\.weight/);
  });
});

function write(name: string, bytes: Buffer): string {
  const path = join(folder.path, name);
  writeFileSync(path, bytes);
  return path;
}

function cut(path: string): string {
  truncateSync(path, 100_000);
  return path;
}
