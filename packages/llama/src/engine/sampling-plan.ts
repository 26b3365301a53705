import type { DecoderShape } from '../model/decoder.ts';
import type { StopStrings } from './stop-strings.ts';
import type { TokenConstraint } from './token-constraint.ts';

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
  /** Texts that end a sample as soon as it contains one; absent for none. */
  readonly stopStrings?: StopStrings;
  /** Makes the constraint of one more sample, which frees it; absent where samples are free. */
  readonly constrain?: () => TokenConstraint;
  /** Aborts the sampling before its next step. */
  readonly signal?: AbortSignal;
}

/** Prompts that are sampled together, with the places of their results. */
export interface SamplingChunk {
  readonly shape: DecoderShape;
  readonly prompts: readonly TokenPrompt[];
  readonly places: readonly number[];
}

/** Prompts of a chunk are padded to a multiple of this. */
const promptBucket = 4;
/** Samples computed together in a step: enough to fill the matrix kernels, few enough to share the work among lanes. */
const samplesTogether = 32;
const groupsTogether = 32;

/** The number of samples that must really be computed: at temperature 0 all are alike. */
function computedSamples(prompt: TokenPrompt, settings: SamplingSettings): number {
  return settings.temperature === 0 ? 1 : prompt.samples;
}

/** Groups in a chunk: a power of two, so that few shapes occur, and at least two, since ggml multiplies single columns by another kernel. */
function groupsFor(prompts: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(2, prompts)));
}

/** Groups prompts of like length and sample count into chunks. The plan depends on the request alone, never on the lanes. */
export function planSampling(prompts: readonly TokenPrompt[], settings: SamplingSettings): readonly SamplingChunk[] {
  const classes = new Map<string, { readonly prompt: number; readonly samples: number; readonly places: number[] }>();
  for (const [place, given] of prompts.entries()) {
    const prompt = Math.ceil(given.tokens.length / promptBucket) * promptBucket;
    const samples = computedSamples(given, settings);
    const alike = classes.get(`${prompt} ${samples}`);
    if (alike === undefined) classes.set(`${prompt} ${samples}`, { prompt, samples, places: [place] });
    else alike.places.push(place);
  }
  return [...classes.values()].flatMap(({ prompt, samples, places }) => {
    // A chunk goes on until its last sample ends. Prompts that begin alike tend to have answers of like length.
    places.sort((a, b) => compare((prompts[a] as TokenPrompt).tokens, (prompts[b] as TokenPrompt).tokens) || a - b);
    const most = Math.min(groupsTogether, Math.max(2, 2 ** Math.floor(Math.log2(samplesTogether / samples))));
    return Array.from({ length: Math.ceil(places.length / most) }, (_, index) => {
      const chosen = places.slice(index * most, (index + 1) * most);
      const shape = { groups: groupsFor(chosen.length), prompt, samples, answer: settings.maxTokens };
      return { shape, prompts: chosen.map((place) => prompts[place] as TokenPrompt), places: chosen };
    });
  });
}

/** Lexicographic order. */
function compare(a: Int32Array, b: Int32Array): number {
  const place = a.findIndex((token, index) => token !== b[index]);
  return place < 0 ? a.length - b.length : (a[place] as number) - (b[place] ?? -1);
}
