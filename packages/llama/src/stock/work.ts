// What a batcher works on: groups of samples of one prompt, and continuations to be scored.
import { RedQueenError } from '@redqueen/core';
import { sampleStream } from '../engine/sample-stream.ts';
import { SampleDraft, type TokenSample } from '../engine/sample-draft.ts';
import type { SamplingSettings, TokenPrompt } from '../engine/sampling-plan.ts';

/** A sample on its way. */
export interface Sample {
  readonly group: SampleGroup;
  readonly draft: SampleDraft;
  /** Sequence of its tokens; −1 while it waits for one. */
  slot: number;
  /** Whether it uses the cells that the group was let in with. */
  floor: boolean;
}

/** What all work has: an owner, a prompt, the tokens that may follow it, and an end. */
class Work<Result> {
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

  /** Ends it without a result; nothing of it may be touched afterwards. */
  fail(reason: RedQueenError): void {
    if (this.ended) return;
    this.ended = true;
    this.dispose();
    this.#settle.reject(reason);
  }

  protected finish(result: Result): void {
    this.ended = true;
    this.dispose();
    this.#settle.resolve(result);
  }

  /** Frees what it holds. */
  protected dispose(): void {}
}

/** The samples of one prompt. */
export class SampleGroup extends Work<readonly TokenSample[]> {
  readonly settings: SamplingSettings;
  readonly #prompt: TokenPrompt;
  #samples: readonly Sample[] = [];
  #open = 0;
  /** Whether a sample uses the cells that the group was let in with. */
  floorUsed = false;

  constructor(owner: string, prompt: TokenPrompt, settings: SamplingSettings) {
    super(owner, prompt.tokens, settings.maxTokens - 1);
    this.settings = settings;
    this.#prompt = prompt;
  }

  /** Samples that have to be computed: at temperature 0 all are alike. */
  get count(): number {
    return this.settings.temperature === 0 ? Math.min(1, this.#prompt.samples) : this.#prompt.samples;
  }

  /** Makes the samples. What constrains them lives in native memory, so they are made when the group begins and freed when it ends. */
  begin(): readonly Sample[] {
    const made: Sample[] = [];
    this.#samples = made;
    for (let index = 0; index < this.count; index++) {
      const draft = new SampleDraft(this.settings, sampleStream(this.#prompt.seed, index));
      made.push({ group: this, draft, slot: -1, floor: false });
    }
    this.#open = this.count;
    return made;
  }

  protected override dispose(): void {
    for (const { draft } of this.#samples) draft.dispose();
  }

  /** One of its samples is complete. Returns whether all are. */
  complete(): boolean {
    if (--this.#open > 0 || this.ended) return this.#open <= 0;
    const done = this.#samples.map(({ draft }) => draft.finished());
    this.finish(Array.from({ length: this.#prompt.samples }, (_, index) => done[Math.min(index, done.length - 1)] as TokenSample));
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

/** Runs what may throw because of one work's weights: only that work fails. */
export function guarded(work: AnyWork, run: () => void): void {
  try {
    run();
  } catch (reason) {
    work.fail(RedQueenError.from(reason));
  }
}

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
