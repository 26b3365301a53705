import { baseWeights } from '../../../packages/llama/src/engine/adapter-weights.ts';
import { memberWeights } from '../../../packages/llama/src/engine/evolution.ts';
import { adaptedAgent, freshPrompts, type ModelName } from '../models.ts';
import { bench, type ModelBench, type ModelStage, type Opened } from './bench.ts';

interface Size {
  readonly model: ModelName;
  readonly members: number;
  readonly prompts: number;
  readonly prompt: number;
  /** Tokens of every sample. */
  readonly tokens: number;
}

async function open({ model, members, prompts, prompt, tokens }: Size, { models, threads }: ModelStage): Promise<Opened> {
  const engine = models.engine(model, threads);
  const agent = adaptedAgent(engine, 'population', 1);
  const fresh = freshPrompts(engine.model, prompt);
  const settings = { maxTokens: tokens, temperature: 1, stops: new Set<number>() };
  const given = () => Array.from({ length: prompts }, (_, seed) => ({ tokens: fresh(), samples: 1, seed }));
  let generation = 0;
  return {
    kind: 'compared',
    facts: { path: engine.sampling },
    scale: 1,
    control: 'baseline',
    baseline: {
      run: async () => {
        for (let member = 0; member < members; member++) await engine.sample('population', baseWeights, given(), settings);
      },
    },
    subject: {
      run: async () => {
        generation++;
        for (let member = 0; member < members; member++) {
          const scale = member % 2 === 0 ? 0.02 : -0.02;
          await engine.sample('population', memberWeights(agent, generation, member >> 1, scale), given(), settings);
        }
      },
    },
  };
}

/** P14b: what it costs that every member of a population has weights of its own. */
export const memberBenches: readonly ModelBench[] = [
  bench<Size>({
    id: 'P14b',
    what: 'sampling by members of a population, each with an adapter of its own, against the base model',
    baseline: 'the same prompts, all by the base model',
    subject: 'antithetic pairs of perturbed adapters, one member after another',
    target: 0.7,
    direction: 'at least',
    unit: '',
    sizes: {
      smoke: { model: 'tiny', members: 4, prompts: 2, prompt: 8, tokens: 3 },
      quick: { model: 'medium', members: 16, prompts: 8, prompt: 16, tokens: 32 },
      full: { model: 'smollm2-135m', members: 16, prompts: 8, prompt: 16, tokens: 32 },
    },
    open,
  }),
];
