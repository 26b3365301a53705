import { randomOf } from '@redqueen/core';
import { baseWeights } from '../../../packages/llama/src/engine/adapter-weights.ts';
import { freshPrompts, type ModelName } from '../models.ts';
import { bench, type ModelBench, type ModelStage, type Opened } from './bench.ts';

interface Size {
  readonly model: ModelName;
  /** Samples that the stock path decodes together. */
  readonly slots: number;
  readonly requests: number;
  readonly prompt: number;
  /** Median length of the answers. */
  readonly median: number;
}

/** Lengths exp(ln median + σz) with σ = 1, rounded, at least one token and at most 32 medians: the long tail of real answers. The same ones every time. */
export function lognormalLengths(count: number, median: number): readonly number[] {
  const random = randomOf('answer lengths', count);
  return Array.from({ length: count }, () => Math.min(32 * median, Math.max(1, Math.round(median * Math.exp(random.normal())))));
}

/** Answers of given lengths on the stock path, which is the one that has slots. An answer ends by its own limit of tokens. */
function answers({ model, requests, prompt, median }: Size, { models, threads }: ModelStage) {
  const engine = models.engine(model, threads, 'stock');
  const fresh = freshPrompts(engine.model, prompt);
  const ask = async (lengths: readonly number[], ended: () => void = () => undefined): Promise<void> => {
    await Promise.all(
      lengths.map(async (maxTokens, seed) => {
        await engine.sample('bench', baseWeights, [{ tokens: fresh(), samples: 1, seed }], { maxTokens, temperature: 1, stops: new Set() });
        ended();
      }),
    );
  };
  return { engine, ask, lengths: lognormalLengths(requests, median) };
}

async function openOccupancy(size: Size, stage: ModelStage): Promise<Opened> {
  const { engine, ask, lengths } = answers(size, stage);
  const counted = (): { readonly steps: number; readonly stepTokens: number } => ({
    ...(engine.stock.counts(baseWeights.key) ?? { steps: 0, stepTokens: 0 }),
  });
  return {
    kind: 'single',
    timed: false,
    value: async () => {
      const before = counted();
      let [left, after] = [lengths.length, before];
      // As long as there are as many answers as slots; after that nothing could fill them.
      await ask(lengths, () => {
        if (--left === size.slots - 1) after = counted();
      });
      return (after.stepTokens - before.stepTokens) / ((after.steps - before.steps) * size.slots);
    },
  };
}

async function openRefill(size: Size, stage: ModelStage): Promise<Opened> {
  const { ask, lengths } = answers(size, stage);
  const waves = Array.from({ length: Math.ceil(lengths.length / size.slots) }, (_, wave) =>
    lengths.slice(wave * size.slots, (wave + 1) * size.slots),
  );
  return {
    kind: 'compared',
    scale: 1,
    control: 'subject',
    baseline: {
      run: async () => {
        for (const wave of waves) await ask(wave);
      },
    },
    subject: { run: () => ask(lengths) },
  };
}

const smoke: Size = { model: 'tiny', slots: 16, requests: 24, prompt: 8, median: 2 };

/** P3: whether a slot goes to the next answer as soon as one ends. */
export const slotBenches: readonly ModelBench[] = [
  bench<Size>({
    id: 'P3.occupancy',
    what: 'share of slots that hold an answer while there are enough answers for all, with lognormal lengths (σ = 1)',
    baseline: '',
    subject: 'all answers asked for at once',
    target: 0.9,
    direction: 'at least',
    unit: '',
    sizes: {
      smoke,
      quick: { model: 'medium', slots: 16, requests: 256, prompt: 8, median: 8 },
      full: { model: 'smollm2-135m', slots: 16, requests: 1024, prompt: 8, median: 8 },
    },
    open: openOccupancy,
  }),
  bench<Size>({
    id: 'P3.refill',
    what: 'answers of lognormal lengths (σ = 1), slots refilled against drained',
    baseline: 'as many answers as there are slots, the next ones when all have ended',
    subject: 'all answers asked for at once',
    target: 1.5,
    direction: 'at least',
    unit: '',
    sizes: {
      smoke,
      quick: { model: 'medium', slots: 16, requests: 48, prompt: 8, median: 8 },
      full: { model: 'smollm2-135m', slots: 16, requests: 128, prompt: 8, median: 8 },
    },
    open: openRefill,
  }),
];
