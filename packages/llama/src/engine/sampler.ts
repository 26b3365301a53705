import { RowSoftmax } from '../losses/softmax.ts';
import type { Decoder, DecoderShape } from '../model/decoder.ts';
import type { AdapterWeights } from './adapter-weights.ts';
import type { ModelLane } from './model-lane.ts';
import { sampleStream } from './sample-stream.ts';

/** A prompt to continue. */
export interface TokenPrompt {
  readonly tokens: Int32Array;
  readonly samples: number;
  readonly seed: number;
}

/** When sampling ends and how random it is. */
export interface SamplingSettings {
  readonly maxTokens: number;
  /** 0 takes the likeliest token. */
  readonly temperature: number;
  /** Tokens that end a sample; they are part of it. */
  readonly stops: ReadonlySet<number>;
}

/** A sampled continuation. */
export interface TokenSample {
  readonly tokens: Int32Array;
  /** At temperature 1. */
  readonly logProbs: Float32Array;
  readonly stopped: boolean;
}

/** Prompts that are sampled together, with the places of their results. */
export interface SamplingChunk {
  readonly shape: DecoderShape;
  readonly prompts: readonly TokenPrompt[];
  readonly places: readonly number[];
}

const promptBucket = 4;
/** Samples computed together in a step: enough to fill the matrix kernels, few enough to share the work among lanes. */
const samplesTogether = 64;
const groupsTogether = 32;

/** The number of samples that must really be computed: at temperature 0 all are alike. */
function computedSamples(prompt: TokenPrompt, settings: SamplingSettings): number {
  return settings.temperature === 0 ? 1 : prompt.samples;
}

/** Groups prompts of like length and sample count into chunks. The plan depends on the request alone, never on the lanes. */
export function planSampling(prompts: readonly TokenPrompt[], settings: SamplingSettings): readonly SamplingChunk[] {
  const classes = new Map<string, number[]>();
  for (const [place, prompt] of prompts.entries()) {
    const length = Math.ceil(prompt.tokens.length / promptBucket) * promptBucket;
    const key = `${length} ${computedSamples(prompt, settings)}`;
    const places = classes.get(key);
    if (places === undefined) classes.set(key, [place]);
    else places.push(place);
  }
  const chunks: SamplingChunk[] = [];
  for (const [key, places] of classes) {
    const [prompt = 0, samples = 1] = key.split(' ').map(Number);
    const most = Math.min(groupsTogether, Math.max(2, 2 ** Math.floor(Math.log2(samplesTogether / samples))));
    for (let start = 0; start < places.length; start += most) {
      const chosen = places.slice(start, start + most);
      const groups = 2 ** Math.ceil(Math.log2(Math.max(2, chosen.length)));
      chunks.push({ shape: { groups, prompt, samples, answer: settings.maxTokens }, prompts: chosen.map((place) => prompts[place] as TokenPrompt), places: chosen });
    }
  }
  return chunks;
}

interface Draft {
  readonly tokens: number[];
  readonly logProbs: number[];
  readonly random: () => number;
  stopped: boolean;
}

/** Samples a chunk on a lane: for each prompt, its samples. */
export async function sampleChunk(member: ModelLane, weights: AdapterWeights, chunk: SamplingChunk, settings: SamplingSettings): Promise<readonly (readonly TokenSample[])[]> {
  const decoder = member.decoder(chunk.shape, weights);
  const repeat = member.model.heads / member.model.keyValueHeads;
  const drafts = chunk.prompts.map((prompt) =>
    Array.from({ length: chunk.shape.samples }, (_, sample): Draft => ({ tokens: [], logProbs: [], random: sampleStream(prompt.seed, sample), stopped: false })),
  );
  const softmax = new RowSoftmax(member.model.vocabulary);
  for (let step = 0; step < settings.maxTokens; step++) {
    const { tokens, positions } = stepInputs(chunk, drafts, step);
    const logits = await decoder.step(step, tokens, positions, stepMask(decoder, chunk, step, repeat));
    if (!draw(drafts, logits, softmax, settings, step, chunk.shape.samples)) break;
  }
  return drafts.map((group, index) => {
    const samples = group.map((draft): TokenSample => ({ tokens: Int32Array.from(draft.tokens), logProbs: Float32Array.from(draft.logProbs), stopped: draft.stopped }));
    const wanted = (chunk.prompts[index] as TokenPrompt).samples;
    return Array.from({ length: wanted }, (_, sample) => samples[Math.min(sample, samples.length - 1)] as TokenSample);
  });
}

/** Tokens and positions of a step; prompts stand at the right end of their slots, so that the last slot always predicts the first token. */
function stepInputs(chunk: SamplingChunk, drafts: readonly (readonly Draft[])[], step: number): { readonly tokens: Int32Array; readonly positions: Int32Array } {
  const { groups, prompt, samples } = chunk.shape;
  const columns = step === 0 ? prompt : samples;
  const tokens = new Int32Array(groups * columns);
  const positions = new Int32Array(groups * columns);
  for (const [group, { tokens: given }] of chunk.prompts.entries()) {
    const start = group * columns;
    if (step === 0) {
      const padding = prompt - given.length;
      tokens.set(given, start + padding);
      for (let index = 0; index < given.length; index++) positions[start + padding + index] = index;
    } else {
      for (const [sample, draft] of (drafts[group] as readonly Draft[]).entries()) tokens[start + sample] = draft.tokens[step - 1] ?? 0;
      positions.fill(given.length + step - 1, start, start + columns);
    }
  }
  return { tokens, positions };
}

/** What each new slot sees: the prompt's real tokens up to itself, then its own sample's earlier tokens and itself. */
function stepMask(decoder: Decoder, chunk: SamplingChunk, step: number, repeat: number): Float32Array {
  const { groups, prompt, samples } = chunk.shape;
  const { first, columns, known } = decoder.span(step);
  const mask = new Float32Array(known * columns * repeat * groups).fill(-Infinity);
  for (let group = 0; group < groups; group++) {
    const padding = prompt - (chunk.prompts[group]?.tokens.length ?? prompt);
    const start = group * known * columns * repeat;
    for (let column = 0; column < columns; column++) {
      const row = start + column * known;
      const slot = first + column;
      mask.fill(0, row + padding, row + Math.min(prompt, slot + 1));
      if (step > 0) for (let own = prompt + column; own <= slot; own += samples) mask[row + own] = 0;
      // A padding slot sees only itself, so that its softmax is not empty.
      mask[row + slot] = 0;
    }
    for (let copy = 1; copy < repeat; copy++) mask.copyWithin(start + copy * known * columns, start, start + known * columns);
  }
  return mask;
}

/** Draws the next token of every unfinished sample. Returns whether any goes on. */
function draw(drafts: readonly (readonly Draft[])[], logits: Float32Array, softmax: RowSoftmax, settings: SamplingSettings, step: number, samples: number): boolean {
  const vocabulary = softmax.weights.length;
  let unfinished = false;
  for (const [group, members] of drafts.entries()) {
    for (const [sample, draft] of members.entries()) {
      if (draft.stopped) continue;
      const offset = (step === 0 ? group : group * samples + sample) * vocabulary;
      // All samples of a group share the row that predicts their first token.
      if (step > 0 || sample === 0) softmax.read(logits, offset);
      const token = settings.temperature === 0 ? softmax.best : drawToken(logits, offset, softmax, settings.temperature, draft.random());
      draft.tokens.push(token);
      draft.logProbs.push((logits[offset + token] as number) - softmax.logTotal);
      draft.stopped = settings.stops.has(token);
      unfinished ||= !draft.stopped;
    }
  }
  return unfinished;
}

/** Inverse-transform sampling from softmax(logits / temperature). */
function drawToken(logits: Float32Array, offset: number, softmax: RowSoftmax, temperature: number, uniform: number): number {
  const { weights } = softmax;
  if (temperature === 1) return walk(weights, uniform * softmax.total);
  const largest = logits[offset + softmax.best] as number;
  const scaled = weights.map((_, token) => Math.exp(((logits[offset + token] as number) - largest) / temperature));
  return walk(scaled, uniform * scaled.reduce((sum, weight) => sum + weight, 0));
}

function walk(weights: Float64Array, target: number): number {
  let left = target;
  for (let token = 0; token < weights.length; token++) {
    left -= weights[token] as number;
    if (left < 0) return token;
  }
  // Rounding can leave a rest at the very end: the last token that has any weight.
  return weights.findLastIndex((weight) => weight > 0);
}
