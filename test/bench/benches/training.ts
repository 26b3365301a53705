import { readFileSync } from 'node:fs';
import { StockTraining } from '../../../packages/llama/src/ffi/stock-training.ts';
import { updateAgent } from '../../../packages/llama/src/engine/updater.ts';
import { readGgufHeader } from '../../../packages/llama/src/gguf/reader.ts';
import { hyperParametersOf } from '../../../packages/llama/src/model/hyper-parameters.ts';
import { decodeModel } from '../../../packages/llama/src/starter/model-file.ts';
import { openFullTrainer } from '../../../packages/llama/src/starter/open-full-trainer.ts';
import { adaptedAgent, promptOf, type ModelName } from '../models.ts';
import { bench, type ModelBench, type ModelStage, type Opened } from './bench.ts';

interface Size {
  readonly model: ModelName;
  /** Tokens of a sequence, each predicted from those before. */
  readonly length: number;
  /** Optimizer steps a run, of one sequence each. */
  readonly steps: number;
}

const optimizer = { learningRate: 1e-5, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, maxGradientNorm: 0 };
const likelihood = { kind: 'likelihood', klToBase: 0, klEstimator: 'k3', entropyBonus: 0 } as const;

async function fullTrainer({ model, length }: Size, { models, threads, now }: ModelStage) {
  const path = models.path(model);
  const shape = hyperParametersOf(readGgufHeader(path));
  const tokens = promptOf(shape, length + 1, 3);
  const trainer = await openFullTrainer(shape, decodeModel(shape, readFileSync(path)), threads, now);
  return { path, tokens, line: { prompt: tokens.subarray(0, 1), answer: tokens.subarray(1) }, trainer };
}

async function times(count: number, work: () => Promise<unknown>): Promise<void> {
  for (let done = 0; done < count; done++) await work();
}

async function openFull(size: Size, stage: ModelStage): Promise<Opened> {
  const { path, tokens, line, trainer } = await fullTrainer(size, stage);
  const stock = new StockTraining(path, size.length, stage.threads, optimizer);
  return {
    kind: 'compared',
    scale: 1,
    control: 'baseline',
    baseline: { run: () => times(size.steps, async () => stock.epoch(tokens.slice(0, -1), tokens.slice(1))) },
    subject: { run: () => times(size.steps, () => trainer.update([line], optimizer)) },
    close: async () => stock.close(),
  };
}

async function openAdapter(size: Size, stage: ModelStage): Promise<Opened> {
  const { line, trainer } = await fullTrainer(size, stage);
  const engine = stage.models.engine(size.model, stage.threads);
  const agent = adaptedAgent(engine, 'bench');
  const ones = new Float32Array(line.answer.length).fill(1);
  const groups = [
    { promptTokens: line.prompt, samples: [{ tokens: line.answer, oldLogProbs: new Float32Array(ones.length), advantages: ones }] },
  ];
  const request = { groups, normaliser: ones.length, loss: likelihood, update: optimizer };
  return {
    kind: 'compared',
    scale: 1,
    control: 'subject',
    baseline: { run: () => times(size.steps, () => trainer.update([line], optimizer)) },
    subject: { run: () => times(size.steps, () => updateAgent(engine, agent, request)) },
  };
}

const smoke: Size = { model: 'tiny', length: 24, steps: 1 };

/** P4: our trainer beside llama.cpp's, and adapters beside all weights. */
export const trainingBenches: readonly ModelBench[] = [
  bench<Size>({
    id: 'P4.full',
    what: 'training all weights, one sequence an update',
    baseline: 'llama_opt_epoch, which llama-finetune runs',
    subject: 'our trainer',
    target: 1,
    direction: 'at least',
    unit: '',
    sizes: { smoke, quick: { model: 'starter', length: 256, steps: 2 }, full: { model: 'smollm2-135m-f32', length: 256, steps: 1 } },
    open: openFull,
  }),
  bench<Size>({
    id: 'P4.adapter',
    what: 'training an adapter of rank 16 against training all weights',
    baseline: 'our trainer of all weights',
    subject: 'our trainer of adapters',
    target: 1.3,
    direction: 'at least',
    unit: '',
    sizes: { smoke, quick: { model: 'small', length: 256, steps: 1 }, full: { model: 'smollm2-135m-f32', length: 256, steps: 1 } },
    open: openAdapter,
  }),
];
