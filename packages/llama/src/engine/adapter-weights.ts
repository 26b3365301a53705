import type { ParameterLayout } from '../model/parameter-layout.ts';

/** Adapter weights as graphs take them: alpha / rank folded into every B. Immutable; the key names the content. */
export interface AdapterWeights {
  /** Two weights with the same key are equal; a lane that holds the key need not copy again. */
  readonly key: string;
  /** 0 for the base model alone. */
  readonly rank: number;
  readonly values: Float32Array;
}

/** The base model without an adapter. */
export const baseWeights: AdapterWeights = { key: 'base', rank: 0, values: new Float32Array(0) };

/** Multiplies the B parts (or what belongs to them, such as their gradients) by a factor, in place. */
export function scaleB(values: Float32Array, layout: ParameterLayout, factor: number): Float32Array {
  for (const slot of layout.slots) {
    if (!slot.name.endsWith('.lora_b')) continue;
    for (let index = slot.offset; index < slot.offset + slot.length; index++) values[index] = (values[index] as number) * factor;
  }
  return values;
}

/** Weights ready for graphs from the trained values A and B. */
export function foldedWeights(key: string, values: Float32Array, layout: ParameterLayout, rank: number, alpha: number): AdapterWeights {
  return { key, rank, values: scaleB(values.slice(), layout, alpha / rank) };
}
