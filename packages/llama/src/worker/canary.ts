import { RedQueenError } from '@redqueen/core';
import { type AdapterWeights, baseWeights } from '../engine/adapter-weights.ts';
import type { Engine } from '../engine/engine.ts';
import type { ModelLane } from '../engine/model-lane.ts';
import { sampleChunk, type TokenSample } from '../engine/sampler.ts';
import { planSampling, type SamplingChunk } from '../engine/sampling-plan.ts';
import { sampleStream } from '../engine/sample-stream.ts';
import { StockContext } from '../ffi/stock-context.ts';
import { RowSoftmax } from '../losses/softmax.ts';
import { planTrees, type TreeChunk } from '../engine/tree-chunks.ts';
import { prefixTree } from '../model/prefix-tree.ts';
import { treeInputs } from '../model/tree-batch.ts';
import { largerKl } from './divergence.ts';
import { withNamelessFile } from './nameless-file.ts';

const promptTokens = 12;
const answerTokens = 6;
const sequences = 2;

/** Bound on the KL between an adapter's policy and the base model's, in nats a token, where none is given: what no training comes near. */
export const defaultMaxKlToBase = 50;

/**
 * Compares our engine with stock llama.cpp on the same adapter: the trainer's graph over whole rows of logits, and the sampler's own log-probs.
 * The commonest silent failure of such systems is that sampling does not use the trained adapter; this would show it.
 */
export class Canary {
  readonly #engine: Engine;
  readonly #maxKlToBase: number;
  #context: StockContext | null = null;
  #base: readonly Float32Array[] | null = null;
  #last: Promise<unknown> = Promise.resolve();

  /** `maxKlToBase`: the bound on the KL to the base model, in nats a token. */
  constructor(engine: Engine, maxKlToBase = defaultMaxKlToBase) {
    this.#engine = engine;
    this.#maxKlToBase = maxKlToBase;
  }

  /**
   * Largest |difference| of log-probs between our engine with these weights and llama.cpp with this file; Infinity where any is not a number.
   * Throws `failed_precondition` where the weights give logits that are not finite, or a policy further from the base model's than the bound.
   */
  check(owner: string, weights: AdapterWeights, file: Uint8Array): Promise<number> {
    const work = () => this.#engine.pool.run(owner, 'score', (member) => this.#compare(member, weights, file));
    const result = this.#last.then(work, work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Frees the stock context. To be called while nothing is being checked. */
  close(): void {
    this.#context?.close();
    this.#context = null;
  }

  async #compare(member: ModelLane, weights: AdapterWeights, file: Uint8Array): Promise<number> {
    const { model } = member;
    const length = Math.min(promptTokens, model.context - answerTokens);
    const prompts = Array.from({ length: sequences }, (_, which) => fixedTokens(which, length, model.vocabulary));
    const ours = await ownResults(member, weights, prompts);
    this.#base ??= await logitsOf(member, baseWeights, prompts);
    this.#checkKl(ours, this.#base, model.vocabulary);
    this.#context ??= new StockContext(this.#engine.native, model.vocabulary, promptTokens + answerTokens);
    const context = this.#context;
    return withNamelessFile(file, (path) =>
      context.withAdapter(path, async () => {
        let largest = 0;
        for (const result of ours) {
          const stock = await context.logits(result.tokens.subarray(0, -1));
          const difference = differenceOf(result, stock, length, model.vocabulary);
          // Comparing this way keeps NaN.
          if (!(difference <= largest)) largest = difference;
        }
        return Number.isFinite(largest) ? largest : Infinity;
      }),
    );
  }

  #checkKl(ours: readonly OwnResult[], base: readonly Float32Array[], vocabulary: number): void {
    for (const [index, rows] of base.entries()) {
      const kl = largerKl((ours[index] as OwnResult).logits.subarray(0, rows.length), rows, vocabulary);
      if (kl <= this.#maxKlToBase) continue;
      throw new RedQueenError(
        'failed_precondition',
        `adapter: its policy is ${kl.toPrecision(3)} nats a token from the base model's, more than ${this.#maxKlToBase}; go back to an earlier version`,
      );
    }
  }
}

/** What our engine makes of one prompt. */
interface OwnResult {
  /** Prompt and greedy answer. */
  readonly tokens: Int32Array;
  /** log p of the answer's tokens as the sampler reports them. */
  readonly sampled: Float32Array;
  /** Logits after every token but the last, by the trainer's graph, [tokens − 1 × vocabulary]. */
  readonly logits: Float32Array;
}

async function ownResults(member: ModelLane, weights: AdapterWeights, prompts: readonly Int32Array[]): Promise<readonly OwnResult[]> {
  const settings = { maxTokens: answerTokens, temperature: 0, stops: new Set<number>() };
  const [plan] = planSampling(
    prompts.map((tokens) => ({ tokens, samples: 1, seed: 0 })),
    settings,
  ) as [SamplingChunk];
  const groups = await sampleChunk(member, weights, plan, settings);
  const answers = prompts.map((tokens, place) => {
    const sample = groups[plan.places.indexOf(place)]?.[0] as TokenSample;
    return { tokens: Int32Array.from([...tokens, ...sample.tokens]), sampled: sample.logProbs };
  });
  const logits = await logitsOf(
    member,
    weights,
    answers.map(({ tokens }) => tokens),
  );
  return answers.map((answer, index) => ({ ...answer, logits: logits[index] as Float32Array }));
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
  const inputs = treeInputs(trees, shape, model.heads / model.keyValueHeads);
  const graph = await member.scorer(shape, weights);
  const logits = await graph.forward(inputs);
  const rows: Float32Array[] = [];
  for (const [index, place] of places.entries()) {
    const first = (inputs.firstRows[index] as number) * model.vocabulary;
    const count = (sequencesOfTokens[place] as Int32Array).length - 1;
    // A copy: the lane uses the memory again.
    rows[place] = logits.slice(first, first + count * model.vocabulary);
  }
  return rows;
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
