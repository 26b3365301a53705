import type { GgufHeader } from '../gguf/reader.ts';

/** Stretched rotary embeddings, in the terms of ggml_rope_ext. */
export interface RopeScaling {
  /** What positions are multiplied by: one over the file's factor. */
  readonly scale: number;
  /** 1 for YaRN (Peng et al. 2023), which leaves fast rotations as they are; 0 for linear scaling (Chen et al. 2023). */
  readonly extrapolation: number;
  /** Factor on rotated values. */
  readonly attention: number;
  /** Context before stretching. */
  readonly originalContext: number;
}

/** Settings of YaRN that llama.cpp reads and our graph does not. */
const unknown = ['yarn_log_multiplier', 'yarn_ext_factor', 'yarn_attn_factor', 'yarn_beta_fast', 'yarn_beta_slow', 'alpha'] as const;

/**
 * The scaling that a model file asks for, as llama.cpp reads it; undefined for none. `refuse` makes the error for what our graph cannot do: it is
 * thrown for other kinds of scaling (longrope) and for settings that published models of our architectures do not have.
 */
export function ropeScalingOf(
  header: GgufHeader,
  architecture: string,
  context: number,
  refuse: (reason: string) => Error,
): RopeScaling | undefined {
  const get = (name: string): unknown => header.metadata.get(`${architecture}.rope.${name}`);
  const type = get('scaling.type') ?? 'linear';
  if (type === 'none') return undefined;
  if (type !== 'linear' && type !== 'yarn') throw refuse(`RoPE scaling ${JSON.stringify(type)} is not in our graph`);
  const stranger = unknown.find((name) => get(`scaling.${name}`) !== undefined);
  if (stranger !== undefined) throw refuse(`"${architecture}.rope.scaling.${stranger}" is not in our graph`);
  const number = (name: string, fallback: number): number => {
    const value = get(name);
    if (value === undefined || value === 0) return fallback;
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
      throw refuse(`"${architecture}.rope.${name}" is ${JSON.stringify(value)}`);
    return value;
  };
  const factor = number('scaling.factor', number('scale_linear', 1));
  if (factor === 1 && type === 'linear') return undefined;
  return {
    scale: 1 / factor,
    extrapolation: type === 'yarn' ? 1 : 0,
    attention: number('scaling.attn_factor', 1),
    originalContext: number('scaling.original_context_length', context),
  };
}
