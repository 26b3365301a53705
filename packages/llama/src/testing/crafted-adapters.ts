// Adapter files made to kill, confuse or poison a loader, with what must become of each.
import { alignUp } from '../gguf/format.ts';
import type { MatrixShape } from '../model/parameter-layout.ts';
import { sampleStream } from '../engine/sample-stream.ts';
import { f32, type RawEntry, type RawGguf, type RawTensor, rawGguf, sectionsOf, text, u32, u64 } from './raw-gguf.ts';

/** The base model that the files are for. */
export interface CraftedBase {
  readonly architecture: string;
  readonly baseHash: string;
  readonly matrices: readonly MatrixShape[];
}

/** A crafted file. */
export interface CraftedAdapter {
  readonly name: string;
  readonly bytes: Buffer;
  /** What our validator must say; null where the file is in order. */
  readonly refusal: RegExp | null;
}

/** Rank and alpha of all crafted files that do not lie about them. */
export const craftedRank = 4;
const alpha = 8;
const types = { u32: 4, f32: 6, bool: 7, string: 8, array: 9, u64: 10 } as const;
const utf8 = (value: string): Buffer => Buffer.from(value, 'utf8');

function entry(key: string | Buffer, type: number, value: Buffer): RawEntry {
  return { key: Buffer.from(key as string), type, value };
}

/** The numbers of all tensors: small, the same every time. */
function numbers(count: number, which: number): Buffer {
  const uniform = sampleStream(0xadad, which);
  return Buffer.from(Float32Array.from({ length: count }, () => 0.1 * (2 * uniform() - 1)).buffer);
}

function tensorsOf({ matrices }: CraftedBase, rank: number): RawTensor[] {
  let offset = 0;
  return matrices.flatMap(({ name, inputs, outputs }, index) =>
    (['a', 'b'] as const).map((part, which): RawTensor => {
      const sizes = part === 'a' ? [inputs, rank] : [rank, outputs];
      const data = numbers((sizes[0] as number) * (sizes[1] as number), 2 * index + which);
      const place = offset;
      offset += alignUp(data.length, 32);
      return { name: utf8(`${name}.lora_${part}`), sizes: sizes.map(BigInt), type: 0, offset: BigInt(place), data };
    }),
  );
}

/** An adapter in order, as parts. */
export function soundAdapter(base: CraftedBase, rank = craftedRank): RawGguf {
  return {
    magic: 'GGUF',
    version: 3,
    entries: [
      entry('general.type', types.string, text('adapter')),
      entry('general.architecture', types.string, text(base.architecture)),
      entry('general.file_type', types.u32, u32(0)),
      entry('adapter.type', types.string, text('lora')),
      entry('adapter.lora.alpha', types.f32, f32(alpha)),
      entry('redqueen.base.sha256', types.string, text(base.baseHash)),
    ],
    tensors: tensorsOf(base, rank),
  };
}

/** The file with one entry changed. */
function withEntry(sound: RawGguf, key: string, change: Partial<RawEntry>): Buffer {
  return rawGguf({ ...sound, entries: sound.entries.map((each) => (each.key.toString() === key ? { ...each, ...change } : each)) });
}

/** The file with one tensor's entry or data changed; those after it move to where they are due. */
function withTensor(sound: RawGguf, index: number, change: Partial<RawTensor>): Buffer {
  let offset = 0n;
  const tensors = sound.tensors.map((each, which) => {
    const next = { ...each, offset, ...(which === index ? change : {}) };
    offset += BigInt(alignUp(next.data.length, 32));
    return next;
  });
  return rawGguf({ ...sound, tensors });
}

const withWeight = (sound: RawGguf, value: number): Buffer => {
  const data = Buffer.from((sound.tensors[0] as RawTensor).data);
  data.writeFloatLE(value, 40);
  return withTensor(sound, 0, { data });
};

type Case = readonly [name: string, bytes: Buffer, refusal: RegExp | null];

function metadataCases(sound: RawGguf, base: CraftedBase): Case[] {
  const { entries } = sound;
  const added = (...more: readonly RawEntry[]): Buffer => rawGguf({ ...sound, entries: [...entries, ...more] });
  const alphaOf = (value: number): Buffer => withEntry(sound, 'adapter.lora.alpha', { value: f32(value) });
  const strings = (count: bigint, ...values: readonly string[]): Buffer =>
    Buffer.concat([u32(types.string), u64(count), ...values.map((each) => text(each))]);
  const without = (key: string): Buffer => rawGguf({ ...sound, entries: entries.filter((each) => each.key.toString() !== key) });
  return [
    ['type_u32', withEntry(sound, 'general.type', { type: types.u32, value: u32(1) }), /"general\.type" is of type u32, not string/],
    [
      'adapter_type_array',
      withEntry(sound, 'adapter.type', { type: types.array, value: strings(2n, 'lora', 'lora') }),
      /"adapter\.type" is of type array:string/,
    ],
    ['alpha_string', withEntry(sound, 'adapter.lora.alpha', { type: types.string, value: text('8') }), /alpha" is of type string, not f32/],
    ['alpha_u64', withEntry(sound, 'adapter.lora.alpha', { type: types.u64, value: u64(8n) }), /alpha" is of type u64, not f32/],
    [
      'architecture_bool',
      withEntry(sound, 'general.architecture', { type: types.bool, value: Buffer.of(1) }),
      /architecture" is of type bool/,
    ],
    ['alpha_nan', alphaOf(Number.NaN), /alpha" is NaN/],
    ['alpha_inf', alphaOf(Infinity), /alpha" is Infinity/],
    ['alpha_1e38', alphaOf(1e38), /alpha" is .*e\+3[78]; it must be above 0 and at most 1024/],
    ['alpha_zero', alphaOf(0), /alpha" is 0/],
    ['alpha_negative', alphaOf(-8), /alpha" is -8/],
    ['alpha_missing', without('adapter.lora.alpha'), /"adapter\.lora\.alpha" is missing/],
    ['base_hash_missing', without('redqueen.base.sha256'), /"redqueen\.base\.sha256" is missing/],
    ['base_hash_wrong', withEntry(sound, 'redqueen.base.sha256', { value: text('f'.repeat(64)) }), /"redqueen\.base\.sha256" is "f{64}"/],
    ['architecture_wrong', withEntry(sound, 'general.architecture', { value: text('qwen2') }), /"general\.architecture" is "qwen2"/],
    ['model_instead_of_adapter', withEntry(sound, 'general.type', { value: text('model') }), /"general\.type" is "model"/],
    ['control_vector', withEntry(sound, 'adapter.type', { value: text('control_vector') }), /"adapter\.type" is "control_vector"/],
    ['latin1_key', added(entry(Buffer.from('schl\u00fcssel', 'latin1'), types.u32, u32(1))), /key 6 is not valid UTF-8/],
    ['empty_key', added(entry('', types.u32, u32(1))), /key 6 is empty/],
    ['duplicate_key', added(entry('general.type', types.string, text('adapter'))), /"general\.type" appears twice/],
    ['unknown_key', added(entry('tokenizer.chat_template', types.string, text('{{ evil }}'))), /unknown key "tokenizer\.chat_template"/],
    ['unknown_value_type', added(entry('x', 99, u32(1))), /"x" has the unknown type 99/],
    ['bool_of_two', added(entry('x', types.bool, Buffer.of(2))), /"x" is a boolean with the value 2/],
    ['invocation_tokens_string', added(entry('adapter.alora.invocation_tokens', types.string, text('1 2'))), /unknown key "adapter\.alora/],
    ['array_of_arrays', added(entry('x', types.array, Buffer.concat([u32(types.array), u64(1n)]))), /"x" is an array of arrays/],
    ['array_length_overflow', added(entry('x', types.array, strings(2n ** 61n))), /length of "x" is 2305843009213693952/],
    ['string_length_overflow', added(entry('x', types.string, text('y', 2n ** 64n - 1n))), /length of "x" is 18446744073709551615/],
    ['string_runs_into_tensors', added(entry('x', types.string, text('y', 1n << 20n))), /truncated/],
    ['alignment_zero', added(entry('general.alignment', types.u32, u32(0))), /"general\.alignment" is 0/],
    ['alignment_three', added(entry('general.alignment', types.u32, u32(3))), /"general\.alignment" is 3/],
    ['alignment_other', added(entry('general.alignment', types.u32, u32(64))), /lies at|unknown key "general\.alignment"/],
    ['keys_in_another_order', rawGguf({ ...sound, entries: entries.toReversed() }), null],
    [
      'base_hash_upper_case',
      withEntry(sound, 'redqueen.base.sha256', { value: text(base.baseHash.toUpperCase()) }),
      /redqueen\.base\.sha256/,
    ],
  ];
}

function tensorCases(sound: RawGguf, base: CraftedBase): Case[] {
  const { tensors } = sound;
  const [a, b] = tensors as [RawTensor, RawTensor];
  const [inputs, rank, outputs] = [a.sizes[0] as bigint, BigInt(craftedRank), b.sizes[1] as bigint];
  const twice = (data: Buffer): Buffer => Buffer.concat([data, data]);
  const half = (data: Buffer): Buffer => data.subarray(0, data.length / 2);
  const quarter = (data: Buffer): Buffer => data.subarray(0, data.length / 4);
  const lone = (index: number, change: Partial<RawTensor>): Buffer =>
    rawGguf({ ...sound, tensors: tensors.map((each, which) => (which === index ? { ...each, ...change } : each)) });
  const q8 = Buffer.alloc((Number(inputs) / 32) * 34 * craftedRank);
  return [
    ['lora_a_3d', withTensor(sound, 0, { sizes: [inputs, rank, 2n], data: twice(a.data) }), /lora_a" has the shape \d+×4×2/],
    ['lora_b_3d', withTensor(sound, 1, { sizes: [rank, outputs, 2n], data: twice(b.data) }), /lora_b" has the shape 4×\d+×2/],
    ['lora_a_4d_of_one', withTensor(sound, 0, { sizes: [inputs, rank, 1n, 1n] }), /lora_a" has the shape \d+×4×1×1/],
    ['lora_a_1d', withTensor(sound, 0, { sizes: [inputs * rank] }), /its rank is 0|lora_a" has the shape/],
    ['int32_a', lone(0, { type: 26 }), /lora_a" is of type I32, not F32 or F16/],
    ['int32_b', lone(1, { type: 26 }), /lora_b" is of type I32, not F32 or F16/],
    ['float64_a', withTensor(sound, 0, { type: 28, data: twice(a.data) }), /lora_a" is of type F64/],
    ['int8_a', withTensor(sound, 0, { type: 24, data: quarter(a.data) }), /lora_a" is of type I8/],
    ['bf16_a', withTensor(sound, 0, { type: 30, data: half(a.data) }), /lora_a" is of type BF16/],
    ['q8_0_a', withTensor(sound, 0, { type: 8, data: q8 }), /lora_a" is of type Q8_0/],
    ['unknown_type_a', lone(0, { type: 200 }), /has the unknown type 200/],
    ['removed_type_a', lone(0, { type: 4 }), /has the unknown type 4/],
    ['f16_said_to_be_f32', withTensor(sound, 0, { type: 1, data: half(a.data) }), /"general\.file_type" is "0", not "1"/],
    ['nan_weight', withWeight(sound, Number.NaN), /lora_a" holds NaN/],
    ['inf_weight', withWeight(sound, -Infinity), /lora_a" holds -Infinity/],
    ['huge_weight', withWeight(sound, 1e38), /lora_a" holds .*e\+3[78]; a weight's size must be at most/],
    ['subnormal_and_minus_zero', withTensor(sound, 0, { data: fineNumbers(a.data) }), null],
    ['rank_4096', rawGguf(soundAdapter(base, 4096)), /the file has \d+ bytes; one for this base has at most/],
    ['rank_zero', withTensor(sound, 0, { sizes: [inputs, 0n], data: Buffer.alloc(0) }), /impossible shape \d+×0/],
    ['rank_other', rawGguf(soundAdapter(base, 2)), /its rank is 2, not 4/],
    [
      'two_ranks',
      withTensor(sound, 2, { sizes: [tensors[2]?.sizes[0] as bigint, 2n], data: half(tensors[2]?.data as Buffer) }),
      /has the shape \d+×2, not \d+×4/,
    ],
    ['too_many_dimensions', lone(0, { sizes: [inputs, rank, 1n, 1n, 1n] }), /has 5 dimensions/],
    ['no_dimensions', lone(0, { sizes: [] }), /has 0 dimensions/],
    ['size_overflow', lone(0, { sizes: [2n ** 40n, 2n ** 40n] }), /impossible shape/],
    ['size_negative', lone(0, { sizes: [2n ** 63n, rank] }), /size 0 of .* is 9223372036854775808/],
    ['size_wraps_to_small', lone(0, { sizes: [2n ** 62n + inputs, 4n] }), /size 0 of/],
    ['offset_overflow', lone(1, { offset: 2n ** 64n - 32n }), /offset of .* is 18446744073709551584/],
    ['offset_overlap', lone(1, { offset: 0n }), /lies at 0 where/],
    ['offset_unaligned', lone(1, { offset: b.offset + 4n }), /lies at \d+ where/],
    ['offset_gap', lone(1, { offset: b.offset + 32n }), /lies at \d+ where/],
    ['offset_beyond_end', lone(1, { offset: 1n << 30n }), /lies at 1073741824 where/],
    ['duplicate_tensor', lone(1, { name: a.name, sizes: a.sizes }), /appears twice/],
    ['pair_missing', rawGguf({ ...sound, tensors: tensors.slice(0, -1) }), /it has \d+ tensors, not \d+/],
    ['no_tensors', rawGguf({ ...sound, tensors: [] }), /it has 0 tensors/],
    ['swapped_a_and_b', rawGguf({ ...sound, tensors: swapped(tensors) }), /tensor 0 is ".*lora_b", not ".*lora_a"/],
    ['transposed_a', lone(0, { sizes: a.sizes.toReversed() }), /its rank is|has the shape/],
    ['unknown_tensor', lone(0, { name: utf8('blk.0.attn_q.weight.lora_c') }), /tensor 0 is "blk\.0\.attn_q\.weight\.lora_c"/],
    ['other_layer', lone(0, { name: utf8('blk.77.attn_q.weight.lora_a') }), /tensor 0 is "blk\.77\.attn_q/],
    ['norm_tensor_added', withAdded(sound, 'blk.0.attn_norm.weight'), /tensors, not/],
    ['name_too_long', lone(0, { name: utf8(`${'x'.repeat(64)}.lora_a`) }), /length of name of tensor 0 is 71/],
    ['name_with_nul', lone(0, { name: utf8('blk.0.attn_q.weight.lora_a\0') }), /tensor 0 is/],
    ['name_empty', lone(0, { name: Buffer.alloc(0) }), /tensor 0 has no name/],
  ];
}

/** Minus zero, the smallest subnormal numbers and the smallest normal ones among the others. */
function fineNumbers(data: Buffer): Buffer {
  const copy = Buffer.from(data);
  for (const [index, value] of [-0, 1.4e-45, -1.4e-45, 1.17549435e-38, 0].entries()) copy.writeFloatLE(value, 4 * index);
  return copy;
}

function swapped(tensors: readonly RawTensor[]): RawTensor[] {
  return tensors.map((each) => ({ ...each, name: utf8(each.name.toString().replace(/[ab]$/, (part) => (part === 'a' ? 'b' : 'a'))) }));
}

function withAdded(sound: RawGguf, name: string): Buffer {
  const offset = sound.tensors.reduce((sum, { data }) => sum + alignUp(data.length, 32), 0);
  const more: RawTensor = { name: utf8(name), sizes: [8n], type: 0, offset: BigInt(offset), data: Buffer.alloc(32) };
  return rawGguf({ ...sound, tensors: [...sound.tensors, more] });
}

function fileCases(sound: RawGguf): Case[] {
  const whole = rawGguf(sound);
  const { entries, tensors, headerEnd, data, end } = sectionsOf(sound);
  const cut = (length: number): Buffer => whole.subarray(0, length);
  const changed = (place: number, value: number): Buffer => {
    const bytes = Buffer.from(whole);
    bytes[place] = value;
    return bytes;
  };
  return [
    ['empty', Buffer.alloc(0), /no GGUF file/],
    ['text', utf8('I met a traveller from an antique land'), /no GGUF file/],
    ['magic_ggjt', rawGguf({ ...sound, magic: 'ggjt' }), /no GGUF file/],
    ['version_0', rawGguf({ ...sound, version: 0 }), /version 0 is not supported/],
    ['version_1', rawGguf({ ...sound, version: 1 }), /version 1 is not supported/],
    ['version_big_endian', rawGguf({ ...sound, version: 0x0300_0000 }), /version 50331648 is not supported/],
    ['tensor_count_overflow', rawGguf({ ...sound, tensorCount: 2n ** 63n }), /number of tensors is 9223372036854775808/],
    ['tensor_count_too_high', rawGguf({ ...sound, tensorCount: BigInt(sound.tensors.length + 1) }), /adapter: /],
    ['entry_count_overflow', rawGguf({ ...sound, entryCount: 2n ** 64n - 1n }), /number of metadata entries is 18446744073709551615/],
    ['entry_count_too_high', rawGguf({ ...sound, entryCount: BigInt(sound.entries.length + 1) }), /adapter: /],
    ['entry_count_too_low', rawGguf({ ...sound, entryCount: BigInt(sound.entries.length - 1) }), /adapter: /],
    [
      'key_length_overflow',
      Buffer.concat([whole.subarray(0, entries), u64(2n ** 62n), whole.subarray(entries + 8)]),
      /length of metadata key 0/,
    ],
    ['cut_in_magic', cut(3), /no GGUF file/],
    ['cut_in_counts', cut(entries - 4), /truncated/],
    ['cut_at_entries', cut(entries), /truncated/],
    ['cut_in_entries', cut(entries + 20), /truncated/],
    ['cut_at_tensors', cut(tensors), /truncated/],
    ['cut_in_tensors', cut(headerEnd - 1), /truncated/],
    ['cut_at_header_end', cut(headerEnd), /bytes where its tensors end at/],
    ['cut_at_data', cut(data[0] ?? 0), /bytes where its tensors end at/],
    ['cut_in_data', cut(data.at(-1) ?? 0), /bytes where its tensors end at/],
    ['cut_last_byte', cut(end - 1), /bytes where its tensors end at/],
    ['trailing_garbage', Buffer.concat([whole, Buffer.alloc(4096, 0xab)]), /bytes where its tensors end at/],
    ['hidden_after_header', changed(headerEnd, 1), /padding after the header is not empty/],
    ['valid_f32', whole, null],
    ['valid_f16', rawGguf(asHalves(sound)), null],
  ];
}

/** The same adapter with F16 numbers. */
function asHalves(sound: RawGguf): RawGguf {
  let offset = 0;
  const tensors = sound.tensors.map((each): RawTensor => {
    const values = new Float32Array(Uint8Array.from(each.data).buffer);
    const view = new DataView(new ArrayBuffer(2 * values.length));
    for (const [index, value] of values.entries()) view.setFloat16(2 * index, value, true);
    const place = offset;
    offset += alignUp(view.byteLength, 32);
    return { ...each, type: 1, offset: BigInt(place), data: Buffer.from(view.buffer) };
  });
  const entries = sound.entries.map((each) => (each.key.toString() === 'general.file_type' ? { ...each, value: u32(1) } : each));
  return { ...sound, entries, tensors };
}

/** All crafted files for a base model. */
export function craftedAdapters(base: CraftedBase): readonly CraftedAdapter[] {
  const sound = soundAdapter(base);
  return [...fileCases(sound), ...metadataCases(sound, base), ...tensorCases(sound, base)].map(([name, bytes, refusal]) => ({
    name,
    bytes,
    refusal,
  }));
}
