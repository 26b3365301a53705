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

/** Elements and bytes of a block of each ggml type, by type number. */
export const blockSizes: ReadonlyMap<number, { readonly elements: number; readonly bytes: number }> = new Map(
  (
    [
      [0, 1, 4],
      [1, 1, 2],
      [2, 32, 18],
      [3, 32, 20],
      [6, 32, 22],
      [7, 32, 24],
      [8, 32, 34],
      [9, 32, 36],
      [10, 256, 84],
      [11, 256, 110],
      [12, 256, 144],
      [13, 256, 176],
      [14, 256, 210],
      [15, 256, 292],
      [16, 256, 66],
      [17, 256, 74],
      [18, 256, 98],
      [19, 256, 50],
      [20, 32, 18],
      [21, 256, 110],
      [22, 256, 82],
      [23, 256, 136],
      [24, 1, 1],
      [25, 1, 2],
      [26, 1, 4],
      [27, 1, 8],
      [28, 1, 8],
      [29, 256, 56],
      [30, 1, 2],
      [34, 256, 54],
      [35, 256, 66],
      [39, 32, 17],
    ] as const
  ).map(([type, elements, bytes]) => [type, { elements, bytes }]),
);

/** Longest tensor name that ggml keeps (its buffer has 64 bytes with the terminator). */
export const maxTensorName = 63;
