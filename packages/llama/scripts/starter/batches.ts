import { type Random, weightedIndex } from '@redqueen/core';
import { byteSequence, byteTokens, type TrainingLine } from '@redqueen/llama';
import { lineOf } from './corpus.ts';
import type { Line } from './line.ts';
import type { SkillSet } from './skills.ts';

/**
 * Lines of one update. Long ones (mazes, states, judgements) cost more and are learned faster, so that short ones come first:
 * a fixed number of each whatever the mix, which then only decides what they are about.
 */
const perUpdate = { short: 96, long: 40 } as const;

/** Longest prompt and answer together that counts as short, in bytes. */
const shortest = 15;

/** Lines that wait for their update; more of a kind are thrown away, so that the other kind can catch up. */
const waiting = 4;

/** A line as tokens. */
export function tokensOf({ prompt, answer }: Line): TrainingLine {
  // An answer begins where the prompt ends: it has no beginning-of-sequence token of its own.
  return { prompt: byteSequence(prompt), answer: byteSequence(answer).filter((token) => token !== byteTokens.begin) };
}

/** Draws training lines by a mix. */
export class Batches {
  readonly #set: SkillSet;
  readonly #random: Random;
  readonly #short: Line[] = [];
  readonly #long: Line[] = [];

  constructor(set: SkillSet, random: Random) {
    this.#set = set;
    this.#random = random;
  }

  /** The lines of the next update; `mix` has one weight a skill. */
  next(mix: readonly number[]): readonly TrainingLine[] {
    while (this.#short.length < perUpdate.short || this.#long.length < perUpdate.long) {
      const skill = this.#set.skills[weightedIndex(this.#random, mix)];
      if (skill === undefined) continue;
      const line = lineOf(this.#set, skill, 'train', this.#random);
      const [queue, wanted] =
        line.prompt.length + line.answer.length <= shortest ? [this.#short, perUpdate.short] : [this.#long, perUpdate.long];
      if (queue.length < waiting * wanted) queue.push(line);
    }
    return [...this.#short.splice(0, perUpdate.short), ...this.#long.splice(0, perUpdate.long)].map(tokensOf);
  }
}
