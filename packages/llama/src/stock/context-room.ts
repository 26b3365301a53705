import { RedQueenError } from '@redqueen/core';
import type { DecodeContext } from './decode-context.ts';
import { type PrefixSharing, PromptSequences } from './prompt-sequences.ts';
import type { AnyWork, Sample } from './work.ts';

/** How the sequences of a context are used. */
export interface SequencePlan {
  /** Samples that are decoded together. */
  readonly slots: number;
  /** Prompts that are held at once, in use or remembered. */
  readonly prompts: number;
  /** Continuations that are scored together. */
  readonly scores: number;
}

/**
 * What of a context is taken: its sequences by prompts and running samples, its cells by what these hold and by what work in it was promised. Work is let
 * in only where its prompt and one sample fit, so that whatever has begun can end.
 */
export class ContextRoom {
  readonly #context: DecodeContext;
  readonly #sharing: PrefixSharing;
  readonly #prompts: PromptSequences;
  readonly #freeSlots: number[];
  /** Tokens of held prompts that were shared when they came. */
  readonly #shares = new Map<number, number>();
  /** Cells promised to samples. */
  #promised = 0;

  /** The context holds no sequence yet. */
  constructor(context: DecodeContext, { slots, prompts }: SequencePlan, sharing: PrefixSharing) {
    this.#context = context;
    this.#sharing = sharing;
    this.#prompts = new PromptSequences(
      Array.from({ length: prompts }, (_, index) => slots + index),
      sharing,
    );
    this.#freeSlots = Array.from({ length: slots }, (_, index) => slots - 1 - index);
  }

  /** Samples that could start. */
  get freeSlots(): number {
    return this.#freeSlots.length;
  }

  /** Cells that nobody holds and that nobody was promised. */
  get freeCells(): number {
    return this.#context.size.cells - this.#prompts.cells - this.#promised;
  }

  /** How much of a prompt need not be computed again. */
  known(prompt: Int32Array): number {
    return this.#prompts.known(prompt).length;
  }

  /** Evicts remembered prompts until the work fits. Returns whether it does. */
  makeFor({ prompt, leastCells }: AnyWork): boolean {
    const source = this.#prompts.known(prompt).source;
    while (!this.#prompts.hasFree || this.freeCells < leastCells) {
      // What it shares is the last to go.
      const sequence = this.#prompts.evict(source) ?? this.#prompts.evict();
      if (sequence === null) return false;
      this.#context.remove(sequence);
    }
    return true;
  }

  /** Takes a sequence for the work's prompt and cells for a sample of it; what is known of the prompt is shared. `now`: tokens of samples so far. */
  hold(work: AnyWork, now: number): void {
    this.#promised += work.longest;
    const held = this.#prompts.hold(work.prompt, now);
    if (held === null) throw new RedQueenError('internal', 'llama: no sequence is free for a prompt that was let in');
    this.#shares.set(held.sequence, held.shared);
    if (held.shared > 0) this.#context.share(held.source, held.sequence, this.#sharing === 'whole' ? -1 : held.shared);
    work.holder = held.sequence;
  }

  /** Tokens of the work's prompt that were shared when it came. */
  shared({ holder }: AnyWork): number {
    return this.#shares.get(holder) ?? 0;
  }

  /** The work's prompt is computed: others may share it. */
  computed({ holder }: AnyWork): void {
    this.#prompts.computed(holder);
  }

  /** Gives a sample a slot, with the cells that its group was promised or others. Returns whether there are any. */
  start(sample: Sample): boolean {
    const { group } = sample;
    if (group.floorUsed && !this.#hasCells(group.longest)) return false;
    sample.floor = !group.floorUsed;
    group.floorUsed = true;
    if (!sample.floor) this.#promised += group.longest;
    sample.slot = this.#freeSlots.pop() as number;
    this.#context.share(group.holder, sample.slot);
    return true;
  }

  /** The sample needs its slot no more. */
  end(sample: Sample): void {
    this.#context.remove(sample.slot);
    this.#freeSlots.push(sample.slot);
    if (sample.floor) sample.group.floorUsed = false;
    else this.#promised -= sample.group.longest;
  }

  /** The work needs its prompt no more; it is remembered for others where prompts are shared. */
  release(work: AnyWork, now: number): void {
    this.#promised -= work.longest;
    this.#prompts.release(work.holder, now);
    if (this.#sharing !== 'none') return;
    this.#prompts.forget(work.holder);
    this.#context.remove(work.holder);
  }

  /** Forgets prompts that nobody has asked for since. */
  expire(since: number): void {
    for (const sequence of this.#prompts.expire(since)) this.#context.remove(sequence);
  }

  #hasCells(cells: number): boolean {
    while (this.freeCells < cells) {
      const sequence = this.#prompts.evict();
      if (sequence === null) return false;
      this.#context.remove(sequence);
    }
    return true;
  }
}
