import { norm } from '../../../packages/llama/src/engine/adamw.ts';
import { totalGradient } from '../../../packages/llama/src/engine/updater.ts';
import { prefixTree } from '../../../packages/llama/src/model/prefix-tree.ts';
import type { TrainGroup } from '../../../packages/llama/src/worker/protocol.ts';
import { adaptedAgent, promptOf, type ModelName } from '../models.ts';
import { bench, type ModelBench, type ModelStage, type Opened } from './bench.ts';

interface Size {
  readonly model: ModelName;
  readonly samples: number;
  readonly prompt: number;
  readonly tokens: number;
}

const loss = { kind: 'clipped', clipLow: 0.2, clipHigh: 0.28, klToBase: 0, klEstimator: 'k3', entropyBonus: 0 } as const;
const update = { learningRate: 0, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, maxGradientNorm: 0 };

/** A group of samples that share nothing but their prompt, and the same samples with a copy of the prompt each. */
async function groupsOf({ model, samples, prompt, tokens }: Size, { models, threads }: ModelStage) {
  const engine = models.engine(model, threads);
  const agent = adaptedAgent(engine, 'bench');
  const promptTokens = promptOf(engine.model, prompt, 1);
  const continuations = Array.from({ length: samples }, (_, index) =>
    Int32Array.from([index, ...promptOf(engine.model, tokens - 1, index + 2)]),
  );
  const [logProbs = []] = await engine.score('bench', agent.current(), [{ prompt: promptTokens, continuations }]);
  const list = continuations.map((sample, index) => ({
    tokens: sample,
    oldLogProbs: logProbs[index] as Float32Array,
    advantages: new Float32Array(tokens).fill(index % 2 === 0 ? 1 : -1),
  }));
  const shared: readonly TrainGroup[] = [{ promptTokens, samples: list }];
  const copies: readonly TrainGroup[] = list.map((sample) => ({ promptTokens, samples: [sample] }));
  const gradient = async (groups: readonly TrainGroup[]): Promise<Float32Array> =>
    (await totalGradient(engine.pool, agent, { groups, normaliser: samples * tokens, loss, update })).gradient;
  return { shared, copies, gradient };
}

function slots(groups: readonly TrainGroup[]): number {
  return groups.reduce(
    (sum, { promptTokens, samples }) =>
      sum +
      prefixTree(
        promptTokens,
        samples.map(({ tokens }) => tokens),
      ).tokens.length,
    0,
  );
}

async function openSpeed(size: Size, stage: ModelStage): Promise<Opened> {
  const { shared, copies, gradient } = await groupsOf(size, stage);
  const run = (groups: readonly TrainGroup[]) => async (): Promise<void> => {
    await gradient(groups);
  };
  return {
    kind: 'compared',
    // Of the speed-up that the saved tokens alone would give.
    scale: slots(shared) / slots(copies),
    control: 'subject',
    baseline: { run: run(copies) },
    subject: { run: run(shared) },
  };
}

async function openAgreement(size: Size, stage: ModelStage): Promise<Opened> {
  const { shared, copies, gradient } = await groupsOf(size, stage);
  return {
    kind: 'single',
    timed: false,
    value: async () => {
      const [a, b] = [await gradient(shared), await gradient(copies)];
      return norm(a.map((value, index) => value - (b[index] as number))) / norm(b);
    },
  };
}

const smoke: Size = { model: 'tiny', samples: 3, prompt: 24, tokens: 4 };

/** P5: what it saves to train on a prompt once for all its samples, and that it gives the same gradient. */
export const sharedTrainingBenches: readonly ModelBench[] = [
  bench<Size>({
    id: 'P5.speed',
    what: 'forward and backward with the prompt shared, as a share of the speed-up that the saved tokens alone would give',
    baseline: 'a copy of the prompt for each sample',
    subject: 'one prompt with all its samples',
    target: 0.8,
    direction: 'at least',
    unit: '',
    sizes: {
      smoke,
      quick: { model: 'small', samples: 8, prompt: 256, tokens: 32 },
      full: { model: 'smollm2-135m', samples: 8, prompt: 256, tokens: 32 },
    },
    open: openSpeed,
  }),
  bench<Size>({
    id: 'P5.gradient',
    what: 'relative difference of the gradient with the prompt shared',
    baseline: 'a copy of the prompt for each sample',
    subject: 'one prompt with all its samples',
    target: 1e-5,
    direction: 'at most',
    unit: '',
    sizes: {
      smoke,
      quick: { model: 'small', samples: 8, prompt: 256, tokens: 32 },
      full: { model: 'small', samples: 8, prompt: 256, tokens: 32 },
    },
    open: openAgreement,
  }),
];
