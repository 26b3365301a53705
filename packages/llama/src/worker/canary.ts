import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AdapterWeights } from '../engine/adapter-weights.ts';
import type { Engine } from '../engine/engine.ts';
import type { ModelLane } from '../engine/model-lane.ts';
import { sampleChunk } from '../engine/sampler.ts';
import { planSampling, type SamplingChunk } from '../engine/sampling-plan.ts';
import { sampleStream } from '../engine/sample-stream.ts';
import { StockContext } from '../ffi/stock-context.ts';
import { RowSoftmax } from '../losses/softmax.ts';
import { planTrees, type TreeChunk } from '../engine/tree-chunks.ts';
import { prefixTree } from '../model/prefix-tree.ts';
import { treeInputs } from '../model/tree-batch.ts';

const promptTokens = 12;
const answerTokens = 6;
const sequences = 3;

/**
 * Compares our engine with stock llama.cpp on the same adapter: the trainer's graph over whole rows of logits, and the sampler's own log-probs.
 * The commonest silent failure of such systems is that sampling does not use the trained adapter; this would show it.
 */
export class Canary {
  readonly #engine: Engine;
  readonly #folder = mkdtempSync(join(tmpdir(), 'redqueen-canary-'));
  #context: StockContext | null = null;
  #last: Promise<unknown> = Promise.resolve();
  #files = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Largest |difference| of log-probs between our engine with these weights and llama.cpp with this file; Infinity where any is not a number. */
  check(owner: string, weights: AdapterWeights, file: Uint8Array): Promise<number> {
    const work = () => this.#engine.pool.run(owner, 'score', (member) => this.#compare(member, weights, file));
    const result = this.#last.then(work, work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Removes the temporary files. */
  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #compare(member: ModelLane, weights: AdapterWeights, file: Uint8Array): Promise<number> {
    const { model } = member;
    const length = Math.min(promptTokens, model.context - answerTokens);
    this.#context ??= new StockContext(this.#engine.native, model.vocabulary, promptTokens + answerTokens);
    const context = this.#context;
    const path = join(this.#folder, `${this.#files++}.gguf`);
    writeFileSync(path, file);
    try {
      return await context.withAdapter(path, async () => {
        let largest = 0;
        for (let which = 0; which < sequences; which++) {
          const prompt = fixedTokens(which, length, model.vocabulary);
          largest = Math.max(largest, await this.#difference(member, weights, context, prompt));
        }
        return Number.isFinite(largest) ? largest : Infinity;
      });
    } finally {
      rmSync(path, { force: true });
    }
  }

  async #difference(member: ModelLane, weights: AdapterWeights, context: StockContext, prompt: Int32Array): Promise<number> {
    const { model } = member;
    const settings = { maxTokens: answerTokens, temperature: 0, stops: new Set<number>() };
    const [chunk] = planSampling([{ tokens: prompt, samples: 1, seed: 0 }], settings);
    const [[sample] = []] = await sampleChunk(member, weights, chunk as SamplingChunk, settings);
    const answer = sample?.tokens ?? new Int32Array(0);
    const whole = Int32Array.from([...prompt, ...answer]);
    const [{ shape, trees }] = planTrees([prefixTree(prompt.subarray(0, 1), [whole.subarray(1)])]) as [TreeChunk];
    const graph = await member.scorer(shape, weights);
    const ours = await graph.forward(treeInputs(trees, shape, model.heads / model.keyValueHeads));
    const stock = await context.logits(whole.subarray(0, whole.length - 1));
    const scored = rowsDifference(ours, stock, whole.length - 1, model.vocabulary);
    const softmax = new RowSoftmax(model.vocabulary);
    const sampled = Array.from(answer, (token, index) => {
      const offset = (prompt.length - 1 + index) * model.vocabulary;
      softmax.read(stock, offset);
      return Math.abs((stock[offset + token] as number) - softmax.logTotal - (sample?.logProbs[index] as number));
    });
    return Math.max(scored, ...sampled);
  }
}

/** Token ids that are the same on every machine. */
function fixedTokens(which: number, length: number, vocabulary: number): Int32Array {
  const uniform = sampleStream(0x5eed, which);
  return Int32Array.from({ length }, () => Math.floor(uniform() * vocabulary));
}

/** Largest |difference| of log-probs over whole rows; NaN where any is not a number. */
function rowsDifference(a: Float32Array, b: Float32Array, rows: number, vocabulary: number): number {
  const [first, second] = [new RowSoftmax(vocabulary), new RowSoftmax(vocabulary)];
  let largest = 0;
  for (let offset = 0; offset < rows * vocabulary; offset += vocabulary) {
    first.read(a, offset);
    second.read(b, offset);
    const shift = first.logTotal - second.logTotal;
    for (let token = offset; token < offset + vocabulary; token++) {
      const difference = Math.abs((a[token] as number) - (b[token] as number) - shift);
      // Comparing this way keeps NaN.
      if (!(difference <= largest)) largest = difference;
    }
  }
  return largest;
}
