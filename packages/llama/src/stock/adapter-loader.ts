import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AdapterWeights } from '../engine/adapter-weights.ts';
import { encodeAdapter } from '../gguf/adapter-file.ts';
import type { MatrixShape } from '../model/parameter-layout.ts';
import type { DecodeContext } from './decode-context.ts';

/** A file system in memory, on Linux. */
const memoryFolder = '/dev/shm';

/** The base model that adapters are made for. */
export interface AdaptedModel {
  readonly architecture: string;
  readonly matrices: readonly MatrixShape[];
}

/**
 * Puts adapters into contexts. llama.cpp only reads files: each is written under a name of its own, in memory where the system can, and removed as
 * soon as it is read. What is written comes from values that were validated.
 */
export class AdapterLoader {
  readonly #model: AdaptedModel;
  #files = 0;

  constructor(model: AdaptedModel) {
    this.#model = model;
  }

  /** The adapter works in the context from now on. Throws `invalid_argument` where llama.cpp refuses it. */
  load(context: DecodeContext, weights: AdapterWeights): void {
    if (weights.rank === 0) {
      context.useAdapter(null);
      return;
    }
    const { architecture, matrices } = this.#model;
    // alpha / rank is folded into B already.
    const content = { rank: weights.rank, alpha: weights.rank, values: weights.values };
    const folder = mkdtempSync(join(existsSync(memoryFolder) ? memoryFolder : tmpdir(), 'redqueen-adapter-'));
    try {
      const path = join(folder, `${this.#files++}.gguf`);
      writeFileSync(path, encodeAdapter(content, { architecture, matrices, baseHash: '' }), { mode: 0o600 });
      context.useAdapter(path);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
