import { RedQueenError } from '@redqueen/core';
import { baseWeights } from '../../../packages/llama/src/engine/adapter-weights.ts';
import type { Engine } from '../../../packages/llama/src/engine/engine.ts';
import type { TokenPrompt } from '../../../packages/llama/src/engine/sampling-plan.ts';
import { freshPrompts, type ModelName } from '../models.ts';
import { bench, type ModelBench, type ModelStage, type Opened } from './bench.ts';

interface Size {
  readonly model: ModelName;
  readonly samples: number;
  readonly prompt: number;
  readonly tokens: number;
}

/** Log-probs of sharing and of scoring without it may differ by this: other kernels sum in another order. */
const tolerance = 0.05;

/** Throws `internal` where sampling with a shared prompt reports other log-probs than each sequence alone has. */
async function checkSharing(engine: Engine, prompt: Int32Array, samples: number, maxTokens: number): Promise<void> {
  const settings = { maxTokens, temperature: 1, stops: new Set<number>() };
  const [group = []] = await engine.sample('bench', baseWeights, [{ tokens: prompt, samples, seed: 1 }], settings);
  for (const { tokens, logProbs } of group) {
    const [[alone = new Float32Array(0)] = []] = await engine.score('bench', baseWeights, [{ prompt, continuations: [tokens] }]);
    const difference = Math.max(...logProbs.map((value, index) => Math.abs(value - (alone[index] as number))));
    if (!(difference <= tolerance))
      throw new RedQueenError('internal', `prompt sharing: log-probs differ by ${difference} from those without it`);
  }
}

async function open(size: Size, { models, threads }: ModelStage, unshared: 'one by one' | 'batched'): Promise<Opened> {
  const engine = models.engine(size.model, threads);
  const settings = { maxTokens: size.tokens, temperature: 1, stops: new Set<number>() };
  const fresh = freshPrompts(engine.model, size.prompt);
  await checkSharing(engine, fresh(), 2, size.tokens);
  /** Prompts that begin differently, so that nothing can be shared. */
  const prompts = (): readonly TokenPrompt[] => Array.from({ length: size.samples }, (_, seed) => ({ tokens: fresh(), samples: 1, seed }));
  const sample = async (asked: readonly TokenPrompt[]): Promise<void> => {
    await engine.sample('bench', baseWeights, asked, settings);
  };
  return {
    kind: 'compared',
    facts: { path: engine.sampling },
    scale: 1,
    control: 'subject',
    baseline: {
      run: async () => {
        if (unshared === 'batched') await sample(prompts());
        else for (const one of prompts()) await sample([one]);
      },
    },
    subject: { run: () => sample([{ tokens: fresh(), samples: size.samples, seed: 1 }]) },
  };
}

function sharing(id: string, unshared: 'one by one' | 'batched', target: number): ModelBench {
  return bench<Size>({
    id,
    what: `eight samples of one prompt against the same ${unshared}`,
    baseline: `eight prompts without a common beginning, ${unshared}`,
    subject: 'one prompt with eight samples',
    target,
    direction: 'at least',
    unit: '',
    sizes: {
      smoke: { model: 'tiny', samples: 4, prompt: 24, tokens: 3 },
      quick: { model: 'medium', samples: 8, prompt: 256, tokens: 32 },
      full: { model: 'smollm2-135m', samples: 8, prompt: 256, tokens: 32 },
    },
    open: (size, stage) => open(size, stage, unshared),
  });
}

/** P2: what it saves to compute a prompt once for all its samples. */
export const promptSharingBenches: readonly ModelBench[] = [
  sharing('P2.one-by-one', 'one by one', 3.5),
  sharing('P2.batched', 'batched', 2.5),
];
