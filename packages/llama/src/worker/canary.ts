import { RedQueenError } from '@redqueen/core';
import { type AdapterWeights, baseWeights } from '../engine/adapter-weights.ts';
import type { Engine } from '../engine/engine.ts';
import { eachHeadBlock } from '../engine/head-pass.ts';
import type { ModelLane } from '../engine/model-lane.ts';
import { sampleStream } from '../engine/sample-stream.ts';
import { namelessFile } from '../ffi/nameless-file.ts';
import { StockContext } from '../ffi/stock-context.ts';
import { RowSoftmax } from '../losses/softmax.ts';
import { isTrainable } from '../model/foreign-model.ts';
import { planTrees, type TreeChunk } from '../engine/tree-chunks.ts';
import { prefixTree } from '../model/prefix-tree.ts';
import { treeInputs } from '../model/tree-batch.ts';
import { largerKl } from './divergence.ts';

const promptTokens = 12;
const answerTokens = 6;
const sequences = 2;
/** How many times the base model's difference may be rounding's: other adapters meet other borders of 8 bits. */
const allowedNoise = 3;

/** Bound on the KL between an adapter's policy and the base model's, in nats a token, where none is given: what no training comes near. */
const defaultMaxKlToBase = 50;

/**
 * Compares our engine with a plain llama.cpp context on the same adapter: the trainer's graph, where the model has one, over whole rows of logits, and
 * the sampler's own log-probs, whichever way it samples.
 * The commonest silent failure of such systems is that sampling does not use the trained adapter; this would show it.
 */
export class Canary {
  readonly #engine: Engine;
  readonly #maxKlToBase: number;
  #context: StockContext | null = null;
  #base: BaseResult | null = null;
  #last: Promise<unknown> = Promise.resolve();

  /** `maxKlToBase`: the bound on the KL to the base model, in nats a token. */
  constructor(engine: Engine, maxKlToBase = defaultMaxKlToBase) {
    this.#engine = engine;
    this.#maxKlToBase = maxKlToBase;
  }

  /**
   * Largest |difference| of log-probs between our engine with these weights and llama.cpp with this file, beyond what rounding explains: three times
   * the same difference without an adapter, which is next to nothing on F32 and a few tenths on quantised matrices. Infinity where any is not a number.
   * Throws `failed_precondition` where the weights give logits that are not finite, or a policy further from the base model's than the bound.
   */
  check(owner: string, weights: AdapterWeights, file: Uint8Array): Promise<number> {
    const work = () => this.#compare(owner, weights, file);
    const result = this.#last.then(work, work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Frees the stock context. To be called while nothing is being checked. */
  close(): void {
    this.#context?.close();
    this.#context = null;
  }

  async #compare(owner: string, weights: AdapterWeights, file: Uint8Array): Promise<number> {
    const { model } = this.#engine;
    const length = Math.min(promptTokens, model.context - answerTokens);
    const prompts = Array.from({ length: sequences }, (_, which) => fixedTokens(which, length, model.vocabulary));
    const base = (this.#base ??= await this.#baseResult(owner, prompts));
    const ours = await this.#ownResults(owner, weights, prompts);
    this.#checkKl(ours, base.ours, length - 1);
    const difference = await this.#differenceFromStock(owner, ours, file);
    return Math.max(0, difference - allowedNoise * base.noise);
  }

  async #baseResult(owner: string, prompts: readonly Int32Array[]): Promise<BaseResult> {
    const ours = await this.#ownResults(owner, baseWeights, prompts);
    return { ours, noise: await this.#differenceFromStock(owner, ours, null) };
  }

  #differenceFromStock(owner: string, ours: readonly OwnResult[], file: Uint8Array | null): Promise<number> {
    return this.#engine.onOneLane(owner, 'score', async () => {
      const { native, model } = this.#engine;
      const context = (this.#context ??= new StockContext(native, model.vocabulary, promptTokens + answerTokens));
      const compare = async (): Promise<number> => {
        let largest = 0;
        for (const result of ours) {
          const stock = await context.logits(result.tokens.subarray(0, -1));
          // Math.max keeps NaN.
          largest = Math.max(largest, differenceOf(result, stock, model.vocabulary));
        }
        return Number.isFinite(largest) ? largest : Infinity;
      };
      if (file === null) return compare();
      using named = namelessFile(file);
      return await context.withAdapter(named.path, compare);
    });
  }

  /** Rows of the prompts alone: the answers after them differ. */
  #checkKl(ours: readonly OwnResult[], base: readonly OwnResult[], rows: number): void {
    const { model } = this.#engine;
    if (!isTrainable(model)) return;
    for (const [index, { logits }] of base.entries()) {
      const length = rows * model.vocabulary;
      const kl = largerKl((ours[index] as OwnResult).logits.subarray(0, length), logits.subarray(0, length), model.vocabulary);
      if (kl <= this.#maxKlToBase) continue;
      throw new RedQueenError(
        'failed_precondition',
        `adapter: its policy is ${kl.toPrecision(3)} nats a token from the base model's, more than ${this.#maxKlToBase}; go back to an earlier version`,
      );
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
    const sequencesOfTokens = answers.map(({ tokens }) => tokens);
    const logits = await engine.pool.run(owner, 'score', (member) => logitsOf(member, weights, sequencesOfTokens));
    return answers.map((answer, index) => ({ ...answer, logits: logits[index] as Float32Array }));
  }
}

/** What our engine makes of the prompts without an adapter, and how far llama.cpp is from that: what rounding alone does. */
interface BaseResult {
  readonly ours: readonly OwnResult[];
  readonly noise: number;
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

/** Logits after every token of a sequence but the last, by the trainer's graph, [tokens − 1 × vocabulary] each. */
async function logitsOf(
  member: ModelLane,
  weights: AdapterWeights,
  sequencesOfTokens: readonly Int32Array[],
): Promise<readonly Float32Array[]> {
  const { model } = member;
  const [{ shape, trees, places }] = planTrees(
    sequencesOfTokens.map((tokens) => prefixTree(tokens.subarray(0, 1), [tokens.subarray(1)])),
  ) as [TreeChunk];
  const inputs = await treeInputs(trees, shape, model.slidingWindow);
  const graph = await member.scorer(shape, weights);
  const hidden = await graph.forward(inputs);
  const rows = trees.reduce((sum, { tree }) => sum + tree.outputs.length, 0);
  const logits = new Float32Array(rows * model.vocabulary);
  await eachHeadBlock(member, { hidden, rows, trained: false }, async (block) => logits.set(block.logits, block.first * model.vocabulary));
  const found: Float32Array[] = [];
  for (const [index, place] of places.entries()) {
    const first = (inputs.firstRows[index] as number) * model.vocabulary;
    const count = (sequencesOfTokens[place] as Int32Array).length - 1;
    found[place] = logits.subarray(first, first + count * model.vocabulary);
  }
  return found;
}

/** Largest |difference| of log-probs from those of llama.cpp: the trainer's over whole rows, the sampler's over its own tokens. */
function differenceOf(ours: OwnResult, stock: Float32Array, vocabulary: number): number {
  const promptLength = ours.tokens.length - ours.sampled.length;
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
      largest = Math.max(largest, Math.abs((a[token] as number) - (b[token] as number) - shift));
    }
  }
  return largest;
}
