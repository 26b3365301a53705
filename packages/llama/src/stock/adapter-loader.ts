import type { AdapterWeights } from '../engine/adapter-weights.ts';
import { namelessFile } from '../ffi/nameless-file.ts';
import { encodeAdapter } from '../gguf/adapter-file.ts';
import type { MatrixShape } from '../model/parameter-layout.ts';
import type { DecodeContext } from './decode-context.ts';

/** The base model that adapters are made for. */
export interface AdaptedModel {
  readonly architecture: string;
  readonly matrices: readonly MatrixShape[];
}

/**
 * The adapter works in the context from now on; llama.cpp reads it from a file, which is made of values that were validated. Throws `invalid_argument`
 * where llama.cpp refuses it.
 */
export function loadAdapter(context: DecodeContext, { architecture, matrices }: AdaptedModel, weights: AdapterWeights): void {
  if (weights.rank === 0) return context.useAdapter(null);
  // alpha / rank is folded into B already.
  const content = { rank: weights.rank, alpha: weights.rank, values: weights.values };
  using file = namelessFile(encodeAdapter(content, { architecture, matrices, baseHash: '' }));
  context.useAdapter(file.path);
}
