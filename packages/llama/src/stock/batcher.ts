import { RedQueenError } from '@redqueen/core';
import { ConstrainedDraw } from '../engine/constrained-draw.ts';
import { ContextRoom, type SequencePlan } from './context-room.ts';
import type { DecodeContext } from './decode-context.ts';
import { Passes, type PassTools } from './passes.ts';
import { commonPrefix, type PrefixSharing } from './prompt-sequences.ts';
import { scoreContinuations } from './score-continuations.ts';
import { type AnyWork, guarded, type Sample, SampleGroup, ScoreGroup, WorkQueue } from './work.ts';

/** What batchers of one device share: at most one of them computes at a time. */
export interface BatcherTools extends PassTools {
  readonly sharing: PrefixSharing;
  readonly plan: SequencePlan;
}

/** What a batcher has done. */
export interface BatcherCounts {
  /** Steps in which samples got their next token. */
  steps: number;
  /** Tokens of samples computed in them; divided by steps and slots it is the occupancy. */
  stepTokens: number;
  /** Prompt tokens computed. */
  promptTokens: number;
  /** Prompt tokens taken from the prefix cache. */
  sharedTokens: number;
}

/** Decode steps of a turn. */
const turnSteps = 16;
/** Passes over prompts or scores in a turn, at most. */
const turnPasses = 16;
/**
 * Tokens of samples after which a prompt that nobody asked for again is forgotten: every step attends over its cells too, masked, and by then this has
 * cost about what computing the prompt again would (135M parameters: 2 · 135M operations a token, 4 · 30 · 576 a cell).
 */
const rememberedFor = 4096;
/** A beginning that is worth waiting for: prompts that share it are not computed side by side. */
const worthwhilePrefix = 16;

/**
 * Continuous batching over one adapter version (Yu et al. 2022, "Orca"): every step decodes the next token of all running samples in one batch, and a
 * slot goes to the next waiting sample as soon as its sample ends. A prompt is computed once, and its cells are shared by the samples of its group.
 */
export class Batcher {
  readonly counts: BatcherCounts = { steps: 0, stepTokens: 0, promptTokens: 0, sharedTokens: 0 };
  readonly waiting = new WorkQueue();
  /** Set while others wait for this batcher's context: it finishes what it has begun and begins nothing. */
  yielding = false;
  readonly #tools: BatcherTools;
  readonly #passes: Passes;
  #context: DecodeContext | null = null;
  /** What of the context is taken; null without one. */
  #room: ContextRoom | null = null;
  /** Work whose prompt is held. */
  readonly #begun = new Set<AnyWork>();
  readonly #ready: Sample[] = [];
  #running: Sample[] = [];
  #constrained: ConstrainedDraw | null = null;

  constructor(tools: BatcherTools) {
    this.#tools = tools;
    this.#passes = new Passes(tools);
  }

  get context(): DecodeContext | null {
    return this.#context;
  }

  /** Whether work has begun that needs this context. */
  get occupied(): boolean {
    return this.#begun.size > 0;
  }

  get busy(): boolean {
    return this.occupied || this.waiting.peek() !== undefined;
  }

  /** Samples that are decoded now. */
  get running(): number {
    return this.#running.length;
  }

  /** Gives the batcher a context without any sequence, or takes it away. Only while nothing has begun. */
  attach(context: DecodeContext | null): void {
    const { plan, sharing } = this.#tools;
    this.#context = context;
    this.#room = context === null ? null : new ContextRoom(context, plan, sharing);
  }

  /** Computes for one turn. A failure of llama.cpp itself ends all work that has begun; the next turn goes on with the rest. */
  async turn(): Promise<void> {
    const [context, room] = [this.#context, this.#room];
    if (context === null || room === null) return;
    try {
      for (let steps = 0, passes = 0; steps < turnSteps && passes < turnPasses; ) {
        this.#dropEnded(room);
        const next = this.#admit(context, room);
        if (next.length > 0) {
          await this.#begin(context, room, next);
          passes++;
        }
        this.#startReady(room);
        if (this.#running.length === 0 && next.length === 0) return;
        if (this.#running.length === 0) continue;
        await this.#step(context, room);
        steps++;
      }
      this.#dropEnded(room);
      room.expire(this.counts.stepTokens - rememberedFor);
    } catch (reason) {
      this.#abandon(context, RedQueenError.from(reason));
    }
  }

  /** Frees what belongs to work that was cancelled or has failed. */
  #dropEnded(room: ContextRoom): void {
    if (![...this.#begun].some(({ ended }) => ended)) return;
    for (const sample of this.#running) if (sample.group.ended) room.end(sample);
    this.#running = this.#running.filter(({ group }) => !group.ended);
    this.#ready.splice(0, this.#ready.length, ...this.#ready.filter(({ group }) => !group.ended));
    for (const work of this.#begun) if (work.ended) this.#release(room, work);
  }

  /** The work to begin with now: its prompts fit into one batch, or it is a single longer one. Cells and sequences are taken for it. */
  #admit(context: DecodeContext, room: ContextRoom): readonly AnyWork[] {
    const chosen: AnyWork[] = [];
    let [ready, tokens] = [this.#ready.length, 0];
    while (!this.yielding && ready < room.freeSlots) {
      const work = this.waiting.peek();
      if (work === undefined || this.#sharesWith(room, chosen, work)) break;
      const missing = work.prompt.length - room.known(work.prompt);
      if (chosen.length > 0 && tokens + missing > context.batch.capacity) break;
      if (!room.makeFor(work)) break;
      this.waiting.take();
      room.hold(work, this.counts.stepTokens);
      this.#begun.add(work);
      ready += work instanceof SampleGroup ? work.count : 1;
      tokens += missing;
      chosen.push(work);
    }
    return chosen;
  }

  /** Whether the work would compute again what one of those chosen is about to compute. */
  #sharesWith(room: ContextRoom, chosen: readonly AnyWork[], { prompt }: AnyWork): boolean {
    if (chosen.length === 0 || this.#tools.sharing !== 'any') return false;
    const worthwhile = Math.max(worthwhilePrefix, room.known(prompt) + 1);
    return chosen.some((other) => Math.min(commonPrefix(other.prompt, prompt), prompt.length - 1) >= worthwhile);
  }

  /** Computes prompts, draws the first tokens of their samples, and scores. */
  async #begin(context: DecodeContext, room: ContextRoom, works: readonly AnyWork[]): Promise<void> {
    const { batch } = context;
    batch.clear();
    let last: AnyWork[] = [];
    const flush = async (): Promise<void> => {
      const logits = await this.#passes.decode(context);
      await this.#passes.read(logits, batch.rows, last);
      for (const [row, work] of last.entries()) this.#afterPrompt(room, row, work);
      batch.clear();
      last = [];
    };
    for (const work of works) {
      const { prompt, holder } = work;
      const shared = room.shared(work);
      this.counts.sharedTokens += shared;
      this.counts.promptTokens += prompt.length - shared;
      for (let position = shared; position < prompt.length; position++) {
        if (batch.size === batch.capacity) await flush();
        const isLast = position === prompt.length - 1;
        batch.add(prompt[position] as number, position, holder, isLast);
        if (isLast) last.push(work);
      }
    }
    await flush();
    for (const work of works) if (work instanceof ScoreGroup) await this.#scoreRest(context, room, work);
  }

  /** The first tokens of all samples of a group come from the same row. */
  #afterPrompt(room: ContextRoom, row: number, work: AnyWork): void {
    const { rows } = this.#tools;
    room.computed(work);
    if (work.ended) return;
    guarded(work, () => {
      rows.select(row);
      if (work instanceof ScoreGroup) {
        for (const [which, continuation] of work.continuations.entries()) {
          if (continuation.length > 0) (work.logProbs[which] as Float32Array)[0] = rows.logProb(continuation[0] as number);
        }
        return;
      }
      for (const sample of work.begin()) {
        if (this.#grows(sample)) this.#ready.push(sample);
        else work.complete();
      }
    });
  }

  /** Gives free slots to samples that wait, as far as there are cells. */
  #startReady(room: ContextRoom): void {
    for (let sample = this.#ready[0]; sample !== undefined && room.freeSlots > 0 && room.start(sample); sample = this.#ready[0]) {
      this.#ready.shift();
      this.#running.push(sample);
    }
  }

  /** One token of every running sample. */
  async #step(context: DecodeContext, room: ContextRoom): Promise<void> {
    const { batch } = context;
    const running = this.#running;
    batch.clear();
    for (const { group, draft, slot } of running)
      batch.add(draft.tokens.at(-1) as number, group.prompt.length + draft.tokens.length - 1, slot, true);
    const logits = await this.#passes.decode(context, true);
    this.counts.steps++;
    this.counts.stepTokens += running.length;
    await this.#passes.read(
      logits,
      running.length,
      running.map(({ group }) => group),
    );
    this.#running = running.filter((sample, row) => !this.#advance(room, sample, row));
  }

  /** Draws a running sample's next token. Returns whether it has left its slot. */
  #advance(room: ContextRoom, sample: Sample, row: number): boolean {
    const { group } = sample;
    let ends = false;
    if (!group.ended) {
      guarded(group, () => {
        this.#tools.rows.select(row);
        ends = !this.#grows(sample);
      });
    }
    if (!ends) return false;
    room.end(sample);
    if (group.complete()) this.#release(room, group);
    return true;
  }

  /** Draws the next token of a sample from the selected row, where it wants one. Returns whether it goes on after it. */
  #grows({ draft, group }: Sample): boolean {
    const { rows } = this.#tools;
    const { settings } = group;
    if (settings.constrain) this.#constrained ??= new ConstrainedDraw(rows.logits.length);
    if (!draft.ended) draft.grow(rows, this.#constrained);
    return !draft.ended && draft.tokens.length < settings.maxTokens;
  }

  /** The work needs its prompt no more. */
  #release(room: ContextRoom, work: AnyWork): void {
    if (this.#begun.delete(work)) room.release(work, this.counts.stepTokens);
  }

  /** Scores the tokens of continuations after their first, as many at a time as there are cells. */
  async #scoreRest(context: DecodeContext, room: ContextRoom, work: ScoreGroup): Promise<void> {
    const { slots, prompts, scores } = this.#tools.plan;
    const together = Math.max(1, Math.min(scores, 1 + Math.floor(room.freeCells / Math.max(1, work.longest))));
    await scoreContinuations(this.#passes, context, work, { first: slots + prompts, together });
    work.complete();
    this.#release(room, work);
  }

  /** Ends all begun work with the reason and starts from an empty cache. */
  #abandon(context: DecodeContext, reason: RedQueenError): void {
    for (const group of this.#begun) if (!group.ended) group.fail(reason);
    this.#begun.clear();
    this.#ready.length = 0;
    this.#running = [];
    context.clear();
    this.attach(context);
  }
}
