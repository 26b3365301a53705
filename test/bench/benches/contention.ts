import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { baseWeights } from '../../../packages/llama/src/engine/adapter-weights.ts';
import { freshPrompts, type ModelName } from '../models.ts';
import { bench, type ModelBench, type ModelStage, type Opened } from './bench.ts';

interface Size {
  readonly model: ModelName;
  readonly prompts: number;
  readonly samples: number;
  readonly tokens: number;
}

/** A stranger that wants a whole processor, stopped until it is let go. */
async function startHog(): Promise<ChildProcess> {
  const hog = spawn(process.execPath, [join(import.meta.dirname, '../hog.ts')], { stdio: 'ignore' });
  await once(hog, 'spawn');
  hog.kill('SIGSTOP');
  return hog;
}

/** What is left of the speed of `threads` threads where the scheduler shares `cores` processors fairly with one more. */
export function fairShare(threads: number, cores: number): number {
  return Math.min(1, cores / (threads + 1));
}

async function open({ model, prompts, samples, tokens }: Size, { models }: ModelStage): Promise<Opened> {
  const threads = availableParallelism();
  const engine = models.engine(model, threads);
  const fresh = freshPrompts(engine.model, 16);
  const settings = { maxTokens: tokens, temperature: 1, stops: new Set<number>() };
  const run = async (): Promise<void> => {
    const asked = Array.from({ length: prompts }, (_, seed) => ({ tokens: fresh(), samples, seed }));
    await engine.sample('bench', baseWeights, asked, settings);
  };
  const hog = await startHog();
  const signal = (name: 'SIGSTOP' | 'SIGCONT') => async (): Promise<void> => {
    hog.kill(name);
  };
  return {
    kind: 'compared',
    facts: { path: engine.sampling, threads },
    scale: 1 / fairShare(threads, threads),
    control: 'baseline',
    baseline: { prepare: signal('SIGSTOP'), run },
    subject: { prepare: signal('SIGCONT'), run },
    close: async () => {
      const ended = once(hog, 'exit');
      hog.kill('SIGKILL');
      await ended;
    },
  };
}

/** P15: whether sampling keeps its fair share of the machine beside a process that wants a whole processor. */
export const contentionBenches: readonly ModelBench[] = [
  bench<Size>({
    id: 'P15',
    what: 'sampling on all cores beside a process that wants one of them, as a share of what a fair scheduler leaves',
    baseline: 'sampling on all cores with the machine to itself',
    subject: 'the same beside an endless loop',
    target: 0.8,
    direction: 'at least',
    unit: '',
    sizes: {
      smoke: { model: 'tiny', prompts: 4, samples: 2, tokens: 3 },
      quick: { model: 'starter', prompts: 32, samples: 8, tokens: 32 },
      full: { model: 'smollm2-135m', prompts: 16, samples: 8, tokens: 32 },
    },
    open,
  }),
];
