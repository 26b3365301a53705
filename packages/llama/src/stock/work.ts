// What a batcher works on: groups of samples of one prompt, and continuations to be scored.
import { RedQueenError } from '@redqueen/core';
import { sampleStream } from '../engine/sample-stream.ts';
import type { TokenSample } from '../engine/sampler.ts';
import type { SamplingSettings, TokenPrompt } from '../engine/sampling-plan.ts';
import type { Draft } from './choose-token.ts';

/** A sample on its way. */
export interface Sample extends Draft {
  readonly group: SampleGroup;
  /** Sequence of its tokens; −1 while it waits for one. */
  slot: number;
  /** Whether it uses the cells that the group was let in with. */
  floor: boolean;
}

/** What all work has: an owner, a prompt, the tokens that may follow it, and an end. */
abstract class Work<Result> {
  readonly owner: string;
  readonly prompt: Int32Array;
  /** Most tokens that follow the prompt in a sequence. */
  readonly longest: number;
  readonly result: Promise<Result>;
  /** The prompt's sequence; −1 before it has one. */
  holder = -1;
  /** Whether nobody waits for the result any more. */
  ended = false;
  readonly #settle = Promise.withResolvers<Result>();

  constructor(owner: string, prompt: Int32Array, longest: number) {
    this.owner = owner;
    this.prompt = prompt;
    this.longest = longest;
    this.result = this.#settle.promise;
  }

  /** Cells that it must have to go on whatever else happens. */
  get leastCells(): number {
    return this.prompt.length + this.longest;
  }

  fail(reason: RedQueenError): void {
    this.ended = true;
    this.#settle.reject(reason);
  }

  protected finish(result: Result): void {
    this.ended = true;
    this.#settle.resolve(result);
  }
}

/** The samples of one prompt. */
export class SampleGroup extends Work<readonly TokenSample[]> {
  readonly settings: SamplingSettings;
  readonly samples: readonly Sample[];
  readonly #wanted: number;
  #open: number;
  /** Whether a sample uses the cells that the group was let in with. */
  floorUsed = false;

  constructor(owner: string, prompt: TokenPrompt, settings: SamplingSettings) {
    super(owner, prompt.tokens, settings.maxTokens - 1);
    this.settings = settings;
    this.#wanted = prompt.samples;
    // At temperature 0 all samples are alike.
    const count = settings.temperature === 0 ? Math.min(1, prompt.samples) : prompt.samples;
    this.samples = Array.from({ length: count }, (_, index) => ({
      group: this,
      random: sampleStream(prompt.seed, index),
      tokens: [],
      logProbs: [],
      entropies: [],
      stopped: false,
      slot: -1,
      floor: false,
    }));
    this.#open = count;
  }

  /** One of its samples is complete. Returns whether all are. */
  complete(): boolean {
    if (--this.#open > 0 || this.ended) return this.#open <= 0;
    const done = this.samples.map((sample) => ({
      tokens: Int32Array.from(sample.tokens),
      logProbs: Float32Array.from(sample.logProbs),
      entropies: Float32Array.from(sample.entropies),
      stopped: sample.stopped,
    }));
    this.finish(Array.from({ length: this.#wanted }, (_, index) => done[Math.min(index, done.length - 1)] as TokenSample));
    return true;
  }
}

/** Continuations of a prompt whose log-probs are wanted. */
export class ScoreGroup extends Work<readonly Float32Array[]> {
  readonly continuations: readonly Int32Array[];
  readonly logProbs: readonly Float32Array[];

  constructor(owner: string, prompt: Int32Array, continuations: readonly Int32Array[]) {
    super(owner, prompt, Math.max(0, ...continuations.map(({ length }) => length - 1)));
    this.continuations = continuations;
    this.logProbs = continuations.map(({ length }) => new Float32Array(length));
  }

  complete(): void {
    if (!this.ended) this.finish(this.logProbs);
  }
}

/** What a batcher takes. */
export type AnyWork = SampleGroup | ScoreGroup;

/** Waiting work, handed out owner by owner, each in its own order. */
export class WorkQueue {
  readonly #queues = new Map<string, AnyWork[]>();

  add(work: AnyWork): void {
    const queue = this.#queues.get(work.owner);
    if (queue === undefined) this.#queues.set(work.owner, [work]);
    else queue.push(work);
  }

  /** The work whose turn it is; it stays in the queue. Work that has ended is passed over and dropped. */
  peek(): AnyWork | undefined {
    for (const [owner, queue] of this.#queues) {
      while (queue[0]?.ended === true) queue.shift();
      if (queue[0] !== undefined) return queue[0];
      this.#queues.delete(owner);
    }
    return undefined;
  }

  /** Takes what `peek` shows. */
  take(): void {
    const first = this.#queues.entries().next().value;
    if (first === undefined) return;
    const [owner, queue] = first;
    queue.shift();
    this.#queues.delete(owner);
    if (queue.length > 0) this.#queues.set(owner, queue);
  }

  /** All that waits, in the order of the owners. */
  *[Symbol.iterator](): Iterator<AnyWork> {
    for (const queue of this.#queues.values()) yield* queue.filter(({ ended }) => !ended);
  }
}
