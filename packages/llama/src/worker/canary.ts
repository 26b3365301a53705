import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AdapterWeights } from '../engine/adapter-weights.ts';
import type { Engine } from '../engine/engine.ts';
import type { ModelLane } from '../engine/model-lane.ts';
import { sampleStream } from '../engine/sample-stream.ts';
import { StockContext } from '../ffi/stock-context.ts';
import { RowSoftmax } from '../losses/softmax.ts';
import { isTrainable } from '../model/foreign-model.ts';
import { planTrees, type TreeChunk } from '../engine/tree-chunks.ts';
import { prefixTree } from '../model/prefix-tree.ts';
import { treeInputs } from '../model/tree-batch.ts';

const promptTokens = 12;
const answerTokens = 6;
const sequences = 2;

/**
 * Compares our engine with a plain llama.cpp context on the same adapter: the trainer's graph, where the model has one, over whole rows of logits, and
 * the sampler's own log-probs, whichever way it samples.
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
    const work = () => this.#compare(owner, weights, file);
    const result = this.#last.then(work, work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Removes the temporary files. */
  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #compare(owner: string, weights: AdapterWeights, file: Uint8Array): Promise<number> {
    const { model } = this.#engine;
    const length = Math.min(promptTokens, model.context - answerTokens);
    const prompts = Array.from({ length: sequences }, (_, which) => fixedTokens(which, length, model.vocabulary));
    const ours = await this.#ownResults(owner, weights, prompts);
    return this.#engine.onOneLane(owner, 'score', () => this.#differenceFromStock(ours, length, file));
  }

  async #differenceFromStock(ours: readonly OwnResult[], length: number, file: Uint8Array): Promise<number> {
    const { vocabulary } = this.#engine.model;
    this.#context ??= new StockContext(this.#engine.native, vocabulary, promptTokens + answerTokens);
    const context = this.#context;
    const path = join(this.#folder, `${this.#files++}.gguf`);
    writeFileSync(path, file);
    try {
      return await context.withAdapter(path, async () => {
        let largest = 0;
        for (const result of ours) {
          const stock = await context.logits(result.tokens.subarray(0, -1));
          const difference = differenceOf(result, stock, length, vocabulary);
          // Comparing this way keeps NaN.
          if (!(difference <= largest)) largest = difference;
        }
        return Number.isFinite(largest) ? largest : Infinity;
      });
    } finally {
      rmSync(path, { force: true });
    }
  }

  async #ownResults(owner: string, weights: AdapterWeights, prompts: readonly Int32Array[]): Promise<readonly OwnResult[]> {
    const engine = this.#engine;
    const settings = { maxTokens: answerTokens, temperature: 0, stops: new Set<number>() };
    const groups = await engine.sample(
      owner,
      weights,
      prompts.map((tokens) => ({ tokens, samples: 1, seed: 0 })),
      settings,
    );
    const answers = groups.map(([sample], index) => ({
      tokens: Int32Array.from([...(prompts[index] as Int32Array), ...(sample?.tokens ?? [])]),
      sampled: sample?.logProbs ?? new Float32Array(0),
      logits: new Float32Array(0),
    }));
    if (!isTrainable(engine.model)) return answers;
    return engine.pool.run(owner, 'score', (member) => withGraphLogits(member, weights, answers));
  }
}

/** What our engine makes of one prompt. */
interface OwnResult {
  /** Prompt and greedy answer. */
  readonly tokens: Int32Array;
  /** log p of the answer's tokens as the sampler reports them. */
  readonly sampled: Float32Array;
  /** Logits after every token but the last, by the trainer's graph, [tokens − 1 × vocabulary]; empty where the model has none. */
  readonly logits: Float32Array;
}

async function withGraphLogits(member: ModelLane, weights: AdapterWeights, answers: readonly OwnResult[]): Promise<readonly OwnResult[]> {
  const { model } = member;
  const [{ shape, trees, places }] = planTrees(answers.map(({ tokens }) => prefixTree(tokens.subarray(0, 1), [tokens.subarray(1)]))) as [
    TreeChunk,
  ];
  const inputs = treeInputs(trees, shape, model.heads / model.keyValueHeads);
  const graph = await member.scorer(shape, weights);
  const logits = await graph.forward(inputs);
  return places.map((place, index) => {
    const answer = answers[place] as OwnResult;
    const first = (inputs.firstRows[index] as number) * model.vocabulary;
    return { ...answer, logits: logits.subarray(first, first + (answer.tokens.length - 1) * model.vocabulary) };
  });
}

/** Largest |difference| of log-probs from those of llama.cpp: the trainer's over whole rows, the sampler's over its own tokens. */
function differenceOf(ours: OwnResult, stock: Float32Array, promptLength: number, vocabulary: number): number {
  const softmax = new RowSoftmax(vocabulary);
  const sampled = Array.from(ours.sampled, (logProb, index) => {
    const offset = (promptLength - 1 + index) * vocabulary;
    softmax.read(stock, offset);
    return Math.abs((stock[offset + (ours.tokens[promptLength + index] as number)] as number) - softmax.logTotal - logProb);
  });
  return Math.max(rowsDifference(ours.logits, stock, vocabulary), ...sampled);
}

/** Token ids that are the same on every machine. */
function fixedTokens(which: number, length: number, vocabulary: number): Int32Array {
  const uniform = sampleStream(0x5eed, which);
  return Int32Array.from({ length }, () => Math.floor(uniform() * vocabulary));
}

/** Largest |difference| of log-probs over whole rows; NaN where any is not a number. */
function rowsDifference(a: Float32Array, b: Float32Array, vocabulary: number): number {
  const [first, second] = [new RowSoftmax(vocabulary), new RowSoftmax(vocabulary)];
  let largest = 0;
  for (let offset = 0; offset < a.length; offset += vocabulary) {
    first.read(a, offset);
    second.read(b, offset);
    const shift = first.logTotal - second.logTotal;
    for (let token = offset; token < offset + vocabulary; token++) {
      const difference = Math.abs((a[token] as number) - (b[token] as number) - shift);
      if (!(difference <= largest)) largest = difference;
    }
  }
  return largest;
}
