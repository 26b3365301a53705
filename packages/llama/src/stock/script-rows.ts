import koffi from 'koffi';
import { drawToken } from '../engine/draw.ts';
import type { Pointer } from '../ffi/ggml.ts';
import { RowSoftmax } from '../losses/softmax.ts';
import { type LogitRows, notFinite } from './logit-rows.ts';

/** Rows worked out in TypeScript: the fastest for vocabularies of some hundreds of tokens, where a native graph costs more than it saves. */
export class ScriptRows implements LogitRows {
  readonly #softmax: RowSoftmax;
  readonly #vocabulary: number;
  #rows = new Float32Array(0);
  #offset = 0;

  constructor(vocabulary: number) {
    this.#vocabulary = vocabulary;
    this.#softmax = new RowSoftmax(vocabulary);
  }

  get logits(): Float32Array {
    return this.#rows.subarray(this.#offset, this.#offset + this.#vocabulary);
  }

  async take(logits: Pointer, rows: number): Promise<void> {
    this.#rows = new Float32Array(koffi.view(logits, rows * this.#vocabulary * 4));
  }

  select(row: number): void {
    this.#offset = row * this.#vocabulary;
    this.#softmax.read(this.#rows, this.#offset);
    if (!Number.isFinite(this.#softmax.logTotal)) throw notFinite();
  }

  best(): number {
    return this.#softmax.best;
  }

  draw(temperature: number, uniform: number): number {
    return drawToken(this.#softmax, this.#rows, this.#offset, temperature, uniform);
  }

  logProb(token: number): number {
    return (this.#rows[this.#offset + token] as number) - this.#softmax.logTotal;
  }

  entropy(): number {
    return this.#softmax.entropy(this.#rows, this.#offset);
  }

  close(): void {
    this.#rows = new Float32Array(0);
  }
}
