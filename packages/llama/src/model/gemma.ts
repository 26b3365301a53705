import type { GgufHeader } from '../gguf/reader.ts';
import type { SlidingWindow } from './sliding-window.ts';

/** What Gemma's graph has beyond others. */
export interface GemmaTraits {
  /** Whether the feed-forward's gate is GELU instead of SiLU. */
  readonly gelu?: boolean | undefined;
  /** Factor on embeddings. */
  readonly embeddingScale?: number | undefined;
  /** Products of queries and keys are divided by its root; the size of heads where left out. */
  readonly attentionWidth?: number | undefined;
  readonly slidingWindow?: SlidingWindow | undefined;
}

interface Sizes {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
}

/** The 27B model, which llama.cpp knows by its layers, scales products by the width of the residual stream a head. */
const layersOf27B = 62;
/** Settings of newer relatives, which our graph does not have. */
const unknown = [
  'rope.dimension_count_swa',
  'attention.key_length_swa',
  'attention.value_length_swa',
  'attention.shared_kv_layers',
] as const;

/**
 * The traits of a Gemma 3 file, as llama.cpp reads it. `refuse` makes the error for what our graph cannot do.
 * Sources: Gemma 3 technical report (arXiv 2503.19786), section 2; llama.cpp's src/models/gemma3.cpp.
 */
export function gemmaTraits(header: GgufHeader, { layers, width, heads }: Sizes, refuse: (reason: string) => Error): GemmaTraits {
  const get = (name: string): unknown => header.metadata.get(`gemma3.${name}`);
  const number = (name: string, fallback?: number): number => {
    const value = get(name) ?? fallback;
    if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0)
      throw refuse(`"gemma3.${name}" is ${value === undefined ? 'missing' : JSON.stringify(value)}`);
    return value;
  };
  const stranger = unknown.find((name) => get(name) !== undefined);
  if (stranger !== undefined) throw refuse(`"gemma3.${stranger}" is not in our graph`);
  if (get('rope.scaling.type') === 'yarn') throw refuse('YaRN is not in our graph of gemma3');
  // Without a window llama.cpp takes another graph, which caps logits.
  return {
    gelu: true,
    embeddingScale: Math.sqrt(width),
    attentionWidth: layers === layersOf27B ? Math.floor(width / heads) : undefined,
    slidingWindow: {
      tokens: number('attention.sliding_window'),
      period: number('attention.sliding_window_pattern', 6),
      ropeBase: number('rope.freq_base_swa', 10_000),
    },
  };
}
