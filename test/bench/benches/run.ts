import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Direction } from '../harness/figure.ts';
import { type UnderLoad, underLoad } from '../harness/load.ts';
import { measure, type Measurement } from '../measure.ts';
import { bench, type ModelBench } from './bench.ts';

interface Size {
  readonly updates: number;
}

/** One run serves all its figures. */
const measured = new Map<number, Promise<UnderLoad<Measurement>>>();

async function measureOnce({ updates }: Size): Promise<Measurement> {
  const folder = mkdtempSync(join(tmpdir(), 'redqueen-bench-run-'));
  try {
    return await measure({ seed: 1, updates, folder });
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The default run of that size, on a cluster of its own; the same one for every figure. */
function defaultRun(size: Size): Promise<UnderLoad<Measurement>> {
  const known = measured.get(size.updates) ?? underLoad(() => measureOnce(size));
  measured.set(size.updates, known);
  return known;
}

interface Limit {
  readonly name: string;
  /** Where it is no figure of "run". */
  readonly id?: string;
  readonly direction?: Direction;
  readonly what: string;
  readonly unit: string;
  readonly limit: number;
  readonly timed: boolean;
  readonly of: (run: Measurement) => number;
}

const limits: readonly Limit[] = [
  {
    name: 'first-update',
    what: 'from the command to the first tokens trained on',
    unit: 's',
    limit: 10,
    timed: true,
    of: (run) => run.firstUpdateSeconds,
  },
  {
    name: 'memory',
    what: 'memory of all processes (PSS, peak)',
    unit: 'MB',
    limit: 1500,
    timed: false,
    of: (run) => run.peakMemoryBytes / 1e6,
  },
  { name: 'outside', what: 'device time outside llama.cpp and ggml', unit: '', limit: 0.2, timed: false, of: (run) => run.outsideNative },
  {
    name: 'threads',
    what: 'threads that llama.cpp and ggml compute with, by core',
    unit: '',
    limit: 1,
    timed: false,
    of: (run) => run.threads / availableParallelism(),
  },
  {
    name: 'staleness',
    id: 'P8',
    what: 'share of the samples trained on that were within maxStaleness releases of their version, from the run’s stream',
    unit: '',
    limit: 1,
    direction: 'at least',
    timed: false,
    of: (run) => run.withinBound / (run.withinBound + run.beyondBound),
  },
  {
    name: 'idle',
    id: 'P17.device',
    what: 'share of all lane time in which nothing was computed',
    unit: '',
    limit: 0.2,
    timed: true,
    of: (run) => run.idle.device,
  },
  {
    name: 'idle-sampler',
    id: 'P17.sampler',
    what: 'idle share of the lane time that training left to sampling',
    unit: '',
    limit: 0.2,
    timed: true,
    of: (run) => run.idle.sampler,
  },
  {
    name: 'idle-trainer',
    id: 'P17.trainer',
    what: 'idle share of the lane time that sampling left to training',
    unit: '',
    limit: 0.2,
    timed: true,
    of: (run) => run.idle.trainer,
  },
];

/** What a run of the default recipe costs, against the limits that were promised. */
export const runBenches: readonly ModelBench[] = limits.map(({ name, id, what, unit, limit, direction = 'at most', timed, of }) =>
  bench<Size>({
    id: id ?? `run.${name}`,
    what,
    baseline: '',
    subject: 'a short run of the default recipe, all services and nats-server',
    target: limit,
    direction,
    unit,
    sizes: { smoke: { updates: 1 }, quick: { updates: 12 }, full: { updates: 60 } },
    open: async (size) => ({
      kind: 'single',
      timed,
      load: async () => (await defaultRun(size)).load,
      value: async () => of((await defaultRun(size)).result),
    }),
  }),
);

const mebibytes = (size: number): string => `${(size / 2 ** 20).toFixed(0)} MiB`;

/** Name and value of what else was seen of the runs that were measured: speeds, and the cost of each service. */
export async function runDetails(): Promise<readonly (readonly [string, string])[]> {
  const runs = await Promise.all(measured.values());
  return runs.flatMap(({ result: run }) => [
    ['run', `${run.updates} updates in ${run.runSeconds.toFixed(1)} s`] as const,
    ['attempts a second', run.attemptsPerSecond.toFixed(0)] as const,
    ['tokens sampled a second', run.sampledTokensPerSecond.toFixed(0)] as const,
    ['tokens trained a second', run.trainedTokensPerSecond.toFixed(0)] as const,
    ...Object.entries(run.deviceSecondsByWork).map(([work, seconds]) => [`device busy: ${work}`, `${seconds.toFixed(1)} s`] as const),
    ...Object.entries(run.cpuSecondsByService).map(
      ([service, seconds]) =>
        [`processor time: ${service}`, `${seconds.toFixed(1)} s, ${mebibytes(run.memoryByService[service] ?? 0)}`] as const,
    ),
  ]);
}
