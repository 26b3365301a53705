// GGUF version 3 (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md): what reader and writer share.

/** GGUF's numbers of the metadata types. */
export const ValueType = {
  u8: 0,
  i8: 1,
  u16: 2,
  i16: 3,
  u32: 4,
  i32: 5,
  f32: 6,
  bool: 7,
  string: 8,
  array: 9,
  u64: 10,
  i64: 11,
  f64: 12,
} as const;

/** Name of a metadata type. */
export type ValueTypeName = keyof typeof ValueType;

/** A metadata value. 64-bit integers beyond 2⁵³ stay bigint. */
export type MetadataValue = number | bigint | boolean | string | readonly (number | bigint | boolean | string)[];

/** A metadata entry with its type, as written. */
export interface MetadataEntry {
  readonly key: string;
  readonly type: ValueTypeName;
  /** Type of the elements where `type` is "array". */
  readonly elements?: ValueTypeName;
  readonly value: MetadataValue;
}

/** Where a tensor lies and what it is. */
export interface TensorInfo {
  readonly name: string;
  /** ggml's number of the type. */
  readonly type: number;
  /** Sizes, fastest dimension first; 1 to 4 numbers. */
  readonly shape: readonly number[];
  /** First byte in the file. */
  readonly offset: number;
  readonly bytes: number;
}

/** Default alignment of tensor data. */
export const defaultAlignment = 32;

/** Smallest multiple of `alignment` that is ≥ `value`. */
export function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

/** Name of each ggml type with elements and bytes of its blocks, by type number. */
export const blockSizes: ReadonlyMap<number, { readonly name: string; readonly elements: number; readonly bytes: number }> = new Map(
  (
    [
      [0, 'F32', 1, 4],
      [1, 'F16', 1, 2],
      [2, 'Q4_0', 32, 18],
      [3, 'Q4_1', 32, 20],
      [6, 'Q5_0', 32, 22],
      [7, 'Q5_1', 32, 24],
      [8, 'Q8_0', 32, 34],
      [9, 'Q8_1', 32, 36],
      [10, 'Q2_K', 256, 84],
      [11, 'Q3_K', 256, 110],
      [12, 'Q4_K', 256, 144],
      [13, 'Q5_K', 256, 176],
      [14, 'Q6_K', 256, 210],
      [15, 'Q8_K', 256, 292],
      [16, 'IQ2_XXS', 256, 66],
      [17, 'IQ2_XS', 256, 74],
      [18, 'IQ3_XXS', 256, 98],
      [19, 'IQ1_S', 256, 50],
      [20, 'IQ4_NL', 32, 18],
      [21, 'IQ3_S', 256, 110],
      [22, 'IQ2_S', 256, 82],
      [23, 'IQ4_XS', 256, 136],
      [24, 'I8', 1, 1],
      [25, 'I16', 1, 2],
      [26, 'I32', 1, 4],
      [27, 'I64', 1, 8],
      [28, 'F64', 1, 8],
      [29, 'IQ1_M', 256, 56],
      [30, 'BF16', 1, 2],
      [34, 'TQ1_0', 256, 54],
      [35, 'TQ2_0', 256, 66],
      [39, 'MXFP4', 32, 17],
    ] as const
  ).map(([type, name, elements, bytes]) => [type, { name, elements, bytes }]),
);

/** Longest tensor name that ggml keeps (its buffer has 64 bytes with the terminator). */
export const maxTensorName = 63;
