import { Breather } from '../model/breather.ts';
import type { Decoder } from '../model/decoder.ts';
import type { AdapterWeights } from './adapter-weights.ts';
import { ConstrainedDraw } from './constrained-draw.ts';
import type { ModelLane } from './model-lane.ts';
import { SampleDraft, type TokenSample } from './sample-draft.ts';
import { sampleStream } from './sample-stream.ts';
import type { SamplingChunk, SamplingSettings } from './sampling-plan.ts';
import { SoftmaxRow } from './token-row.ts';

/**
 * Samples a chunk on a lane: for each prompt, its samples. Throws the reason of the settings' signal before the next step after it aborts, and
 * `failed_precondition` for logits that are not finite.
 */
export async function sampleChunk(
  member: ModelLane,
  weights: AdapterWeights,
  chunk: SamplingChunk,
  settings: SamplingSettings,
): Promise<readonly (readonly TokenSample[])[]> {
  settings.signal?.throwIfAborted();
  const decoder = await member.decoder(chunk.shape, weights);
  const { vocabulary } = member.model;
  const row = new SoftmaxRow(vocabulary);
  const constrained = settings.constrain ? new ConstrainedDraw(vocabulary) : null;
  const drafts = chunk.prompts.map(({ seed }) =>
    Array.from({ length: chunk.shape.samples }, (_, sample) => new SampleDraft(settings, sampleStream(seed, sample))),
  );
  try {
    for (let step = 0; step < settings.maxTokens; step++) {
      if (drafts.every((group) => group.every(({ ended }) => ended))) break;
      settings.signal?.throwIfAborted();
      const { tokens, positions } = step === 0 ? promptInputs(chunk) : stepInputs(chunk, drafts, step);
      const logits = await decoder.step(step, tokens, positions, await stepMask(decoder, chunk, step));
      growDrafts(drafts, logits, row, constrained, step);
    }
  } finally {
    for (const draft of drafts.flat()) draft.dispose();
  }
  return drafts.map((group, index) => {
    const samples = group.map((draft) => draft.finished());
    const wanted = chunk.prompts[index]?.samples ?? 0;
    return Array.from({ length: wanted }, (_, sample) => samples[Math.min(sample, samples.length - 1)] as TokenSample);
  });
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
function stepInputs({ shape, prompts }: SamplingChunk, drafts: readonly (readonly SampleDraft[])[], step: number): StepInputs {
  const tokens = new Int32Array(shape.groups * shape.samples);
  const positions = new Int32Array(shape.groups * shape.samples);
  for (const [group, { tokens: given }] of prompts.entries()) {
    const start = group * shape.samples;
    for (const [sample, draft] of (drafts[group] as readonly SampleDraft[]).entries()) tokens[start + sample] = draft.tokens[step - 1] ?? 0;
    positions.fill(given.length + step - 1, start, start + shape.samples);
  }
  return { tokens, positions };
}

/** What each new slot sees: the prompt's real tokens up to itself, then its own sample's earlier tokens and itself. */
async function stepMask(decoder: Decoder, { shape, prompts }: SamplingChunk, step: number): Promise<Float32Array> {
  const { groups, prompt, samples } = shape;
  const { first, columns, known } = decoder.span(step);
  const area = known * columns;
  const mask = new Float32Array(area * groups);
  const breather = new Breather();
  for (let group = 0; group < groups; group++) {
    const padding = prompt - (prompts[group]?.tokens.length ?? prompt);
    const start = group * area;
    for (let column = 0; column < columns; column++) {
      const row = start + column * known;
      const slot = first + column;
      mask.fill(-Infinity, row, row + known);
      mask.fill(0, row + padding, row + Math.min(prompt, slot + 1));
      if (step > 0) for (let own = prompt + column; own < slot; own += samples) mask[row + own] = 0;
      // Also for padding slots, so that their softmax is not empty.
      mask[row + slot] = 0;
      if (breather.due(known)) await breather.pause();
    }
  }
  return mask;
}

/** Draws the next token of every sample that goes on. */
function growDrafts(
  drafts: readonly (readonly SampleDraft[])[],
  logits: Float32Array,
  row: SoftmaxRow,
  constrained: ConstrainedDraw | null,
  step: number,
): void {
  for (const [group, members] of drafts.entries()) {
    for (const [sample, draft] of members.entries()) {
      if (draft.ended) continue;
      // All samples of a group share the row that predicts their first token.
      if (step > 0 || sample === 0) row.select(logits, step === 0 ? group : group * members.length + sample);
      draft.grow(row, constrained);
    }
  }
}
