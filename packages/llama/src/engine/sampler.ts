import { RedQueenError } from '@redqueen/core';
import { RowSoftmax } from '../losses/softmax.ts';
import type { Decoder } from '../model/decoder.ts';
import type { AdapterWeights } from './adapter-weights.ts';
import { drawToken } from './draw.ts';
import type { ModelLane } from './model-lane.ts';
import { sampleStream } from './sample-stream.ts';
import type { SamplingChunk, SamplingSettings } from './sampling-plan.ts';

/** A sampled continuation. */
export interface TokenSample {
  readonly tokens: Int32Array;
  /** At temperature 1. */
  readonly logProbs: Float32Array;
  /** Entropy of each token's distribution at temperature 1, in nats, where it costs nothing. */
  readonly entropies?: Float32Array;
  readonly stopped: boolean;
}

interface Draft {
  readonly tokens: number[];
  readonly logProbs: number[];
  readonly random: () => number;
  stopped: boolean;
}

/** Samples a chunk on a lane: for each prompt, its samples. */
export async function sampleChunk(
  member: ModelLane,
  weights: AdapterWeights,
  chunk: SamplingChunk,
  settings: SamplingSettings,
): Promise<readonly (readonly TokenSample[])[]> {
  const decoder = await member.decoder(chunk.shape, weights);
  const repeat = member.model.heads / member.model.keyValueHeads;
  const drafts = chunk.prompts.map((prompt) => Array.from({ length: chunk.shape.samples }, (_, sample) => newDraft(prompt.seed, sample)));
  const softmax = new RowSoftmax(member.model.vocabulary);
  for (let step = 0; step < settings.maxTokens; step++) {
    const { tokens, positions } = step === 0 ? promptInputs(chunk) : stepInputs(chunk, drafts, step);
    const logits = await decoder.step(step, tokens, positions, stepMask(decoder, chunk, step, repeat));
    if (!drawStep(drafts, logits, softmax, settings, step)) break;
  }
  return drafts.map((group, index) => {
    const samples = group.map(finished);
    const wanted = chunk.prompts[index]?.samples ?? 0;
    return Array.from({ length: wanted }, (_, sample) => samples[Math.min(sample, samples.length - 1)] as TokenSample);
  });
}

function newDraft(seed: number, sample: number): Draft {
  return { tokens: [], logProbs: [], random: sampleStream(seed, sample), stopped: false };
}

function finished(draft: Draft): TokenSample {
  return { tokens: Int32Array.from(draft.tokens), logProbs: Float32Array.from(draft.logProbs), stopped: draft.stopped };
}

interface StepInputs {
  readonly tokens: Int32Array;
  readonly positions: Int32Array;
}

/** Prompts stand at the right end of their slots, so that the last slot always predicts the first token. */
function promptInputs({ shape, prompts }: SamplingChunk): StepInputs {
  const tokens = new Int32Array(shape.groups * shape.prompt);
  const positions = new Int32Array(shape.groups * shape.prompt);
  for (const [group, { tokens: given }] of prompts.entries()) {
    const start = (group + 1) * shape.prompt - given.length;
    tokens.set(given, start);
    for (let index = 0; index < given.length; index++) positions[start + index] = index;
  }
  return { tokens, positions };
}

/** The tokens drawn in the step before. Finished samples go on with token 0, unread. */
function stepInputs({ shape, prompts }: SamplingChunk, drafts: readonly (readonly Draft[])[], step: number): StepInputs {
  const tokens = new Int32Array(shape.groups * shape.samples);
  const positions = new Int32Array(shape.groups * shape.samples);
  for (const [group, { tokens: given }] of prompts.entries()) {
    const start = group * shape.samples;
    for (const [sample, draft] of (drafts[group] as readonly Draft[]).entries()) tokens[start + sample] = draft.tokens[step - 1] ?? 0;
    positions.fill(given.length + step - 1, start, start + shape.samples);
  }
  return { tokens, positions };
}

/** What each new slot sees: the prompt's real tokens up to itself, then its own sample's earlier tokens and itself. */
function stepMask(decoder: Decoder, { shape, prompts }: SamplingChunk, step: number, repeat: number): Float32Array {
  const { groups, prompt, samples } = shape;
  const { first, columns, known } = decoder.span(step);
  const area = known * columns;
  const mask = new Float32Array(area * repeat * groups).fill(-Infinity);
  for (let group = 0; group < groups; group++) {
    const padding = prompt - (prompts[group]?.tokens.length ?? prompt);
    const start = group * area * repeat;
    for (let column = 0; column < columns; column++) {
      const row = start + column * known;
      const slot = first + column;
      mask.fill(0, row + padding, row + Math.min(prompt, slot + 1));
      if (step > 0) for (let own = prompt + column; own < slot; own += samples) mask[row + own] = 0;
      // Also for padding slots, so that their softmax is not empty.
      mask[row + slot] = 0;
    }
    for (let copy = 1; copy < repeat; copy++) mask.copyWithin(start + copy * area, start, start + area);
  }
  return mask;
}

/** Draws the next token of every unfinished sample. Returns whether any goes on. */
function drawStep(
  drafts: readonly (readonly Draft[])[],
  logits: Float32Array,
  softmax: RowSoftmax,
  settings: SamplingSettings,
  step: number,
): boolean {
  let unfinished = false;
  for (const [group, members] of drafts.entries()) {
    for (const [sample, draft] of members.entries()) {
      if (draft.stopped) continue;
      const offset = (step === 0 ? group : group * members.length + sample) * softmax.weights.length;
      // All samples of a group share the row that predicts their first token.
      if (step > 0 || sample === 0) softmax.read(logits, offset);
      if (!Number.isFinite(softmax.logTotal)) {
        throw new RedQueenError(
          'failed_precondition',
          'adapter: with these weights the model gives logits that are not finite; go back to an earlier version',
        );
      }
      const token = settings.temperature === 0 ? softmax.best : drawToken(softmax, logits, offset, settings.temperature, draft.random());
      draft.tokens.push(token);
      draft.logProbs.push((logits[offset + token] as number) - softmax.logTotal);
      draft.stopped = settings.stops.has(token);
      unfinished ||= !draft.stopped;
    }
  }
  return unfinished;
}
