import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { measure, type Measurement } from '../measure.ts';
import { bench, type ModelBench } from './bench.ts';

interface Size {
  readonly updates: number;
}

/** One run serves all its figures. */
const measured = new Map<number, Promise<Measurement>>();

async function measureOnce({ updates }: Size): Promise<Measurement> {
  const folder = mkdtempSync(join(tmpdir(), 'redqueen-bench-run-'));
  try {
    return await measure({ seed: 1, updates, folder });
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The default run of that size, on a cluster of its own; the same one for every figure. */
export function defaultRun(size: Size): Promise<Measurement> {
  const known = measured.get(size.updates) ?? measureOnce(size);
  measured.set(size.updates, known);
  return known;
}

interface Limit {
  readonly name: string;
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
    what: 'threads that llama.cpp and ggml compute with',
    unit: 'threads',
    limit: availableParallelism(),
    timed: false,
    of: (run) => run.threads,
  },
];

/** What a run of the default recipe costs, against the limits that were promised. */
export const runBenches: readonly ModelBench[] = limits.map(({ name, what, unit, limit, timed, of }) =>
  bench<Size>({
    id: `run.${name}`,
    what,
    baseline: '',
    subject: 'a short run of the default recipe, all services and nats-server',
    target: limit,
    direction: 'at most',
    unit,
    sizes: { smoke: { updates: 1 }, quick: { updates: 12 }, full: { updates: 60 } },
    open: async (size) => ({ kind: 'single', timed, value: async () => of(await defaultRun(size)) }),
  }),
);
