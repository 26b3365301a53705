import { availableParallelism } from 'node:os';
import { baseWeights } from '../../../packages/llama/src/engine/adapter-weights.ts';
import { openJobSides } from '../actors/job-sides.ts';
import { freshPrompts, type ModelName } from '../models.ts';
import { bench, type ModelBench, type ModelStage, type Opened } from './bench.ts';

interface JobSize {
  readonly executors: number;
  /** Jobs of each. */
  readonly jobs: number;
  readonly jobMs: number;
}

async function openJobs({ executors, jobs, jobMs }: JobSize): Promise<Opened> {
  const opened = await openJobSides([1, executors], jobMs);
  const [one, many] = opened.sides;
  return {
    kind: 'compared',
    // As many jobs for each executor: where nothing is lost both sides take the same time.
    scale: 1,
    control: 'baseline',
    baseline: { run: async () => one?.work(jobs) },
    subject: { run: async () => many?.work(jobs * executors) },
    close: async () => await opened[Symbol.asyncDispose](),
  };
}

interface LaneSize {
  readonly model: ModelName;
  /** Prompts for each thread. */
  readonly prompts: number;
  readonly samples: number;
  readonly tokens: number;
}

async function openLanes({ model, prompts, samples, tokens }: LaneSize, { models }: ModelStage): Promise<Opened> {
  const threads = Math.min(2, availableParallelism());
  const side = (lanes: number) => {
    const engine = models.engine(model, lanes);
    const fresh = freshPrompts(engine.model, 16);
    const settings = { maxTokens: tokens, temperature: 1, stops: new Set<number>() };
    const run = async (): Promise<void> => {
      const asked = Array.from({ length: prompts * lanes }, (_, seed) => ({ tokens: fresh(), samples, seed }));
      await engine.sample('bench', baseWeights, asked, settings);
    };
    return { run };
  };
  return {
    kind: 'compared',
    facts: { path: models.engine(model, 1).sampling, threads },
    scale: 1,
    control: 'baseline',
    baseline: side(1),
    subject: side(threads),
  };
}

/** P11: whether twice as many hands do twice the work. */
export const scalingBenches: readonly ModelBench[] = [
  bench<JobSize>({
    id: 'P11.executors',
    what: 'speed of many executors that only sleep, over as many times the speed of one',
    baseline: 'one replica of a pool actor on JetStream, one job at a time',
    subject: 'that many replicas, each with its own connection, on the same durable consumer',
    target: 0.95,
    direction: 'at least',
    unit: '',
    sizes: {
      smoke: { executors: 4, jobs: 3, jobMs: 5 },
      quick: { executors: 32, jobs: 30, jobMs: 50 },
      full: { executors: 32, jobs: 100, jobMs: 50 },
    },
    open: openJobs,
  }),
  bench<LaneSize>({
    id: 'P11.threads',
    what: 'sampling speed of the device with two threads, over twice that with one',
    baseline: 'one thread',
    subject: 'two threads, twice as many prompts',
    target: 0.85,
    direction: 'at least',
    unit: '',
    sizes: {
      smoke: { model: 'tiny', prompts: 2, samples: 2, tokens: 3 },
      quick: { model: 'starter', prompts: 16, samples: 8, tokens: 32 },
      full: { model: 'smollm2-135m', prompts: 4, samples: 8, tokens: 16 },
    },
    open: openLanes,
  }),
];
