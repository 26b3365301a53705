import { BatchedDecoding } from '../../../packages/llama/src/ffi/batched-decoding.ts';
import { TensorType } from '../../../packages/llama/src/ffi/ggml.ts';
import { baseWeights } from '../../../packages/llama/src/engine/adapter-weights.ts';
import type { ModelName } from '../models.ts';
import { freshPrompts } from '../models.ts';
import { bench, type ModelBench, type ModelStage, type Opened } from './bench.ts';

interface Size {
  readonly model: ModelName;
  /** Samples decoded together. */
  readonly batch: number;
  readonly prompt: number;
  /** Tokens of every sample. */
  readonly tokens: number;
}

async function open({ model, batch, prompt, tokens }: Size, { models, threads }: ModelStage): Promise<Opened> {
  const engine = models.engine(model, threads);
  const decoding = new BatchedDecoding(models.path(model), {
    threads,
    sequences: batch,
    length: prompt + tokens,
    // As our engine computes.
    cacheType: TensorType.f32,
    flashAttention: false,
  });
  const [theirs, ours] = [freshPrompts(engine.model, prompt), freshPrompts(engine.model, prompt)];
  const settings = { maxTokens: tokens, temperature: 1, stops: new Set<number>() };
  return {
    kind: 'compared',
    facts: { path: engine.sampling },
    scale: 1,
    control: 'baseline',
    baseline: {
      // The prompt's logits give the first tokens, so that one step less is due.
      run: async () => decoding.run(theirs(), tokens - 1, (step, sequence) => (step * 31 + sequence * 17) % 256),
    },
    subject: {
      run: async () => {
        await engine.sample('bench', baseWeights, [{ tokens: ours(), samples: batch, seed: 1 }], settings);
      },
    },
    close: async () => decoding.close(),
  };
}

interface Series {
  readonly label: string;
  readonly model: ModelName;
  readonly target: number;
  /** Tokens of every sample, by form. */
  readonly tokens: Readonly<Record<'quick' | 'full', number>>;
}

/** Small models are dominated by what a step costs besides computing, so less is asked of them. */
const series: readonly Series[] = [
  { label: 'starter', model: 'starter', target: 0.8, tokens: { quick: 48, full: 200 } },
  { label: '135m', model: 'smollm2-135m', target: 0.95, tokens: { quick: 4, full: 64 } },
];

function sampling({ label, model, target, tokens }: Series, batch: number): ModelBench {
  return bench<Size>({
    id: `P1.${label}.b${batch}`,
    what: `sampling ${batch} at once with log-probs`,
    baseline: 'llama_decode over random tokens without a sampler, as llama-batched-bench runs it',
    subject: 'Engine.sample',
    target,
    direction: 'at least',
    unit: '',
    sizes: {
      smoke: { model: 'tiny', batch, prompt: 8, tokens: 3 },
      quick: { model, batch, prompt: 2, tokens: tokens.quick },
      full: { model, batch, prompt: 2, tokens: tokens.full },
    },
    open,
  });
}

/** P1: what sampling costs beside bare decoding, at several batch sizes. */
export const samplingBenches: readonly ModelBench[] = series.flatMap((one) => [1, 4, 8, 16].map((batch) => sampling(one, batch)));
