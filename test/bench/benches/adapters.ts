import { measureSwapLatency, measureSwapMemory, type SwapLatency, type SwapMemory, type SwapOptions } from '../adapter-swaps.ts';
import { type UnderLoad, underLoad } from '../harness/load.ts';
import { adapterSettings, type ModelName } from '../models.ts';
import { bench, type ModelBench, type ModelStage, type Opened } from './bench.ts';

interface Size {
  readonly model: ModelName;
  readonly swaps: number;
}

/** One measurement of a kind serves all its figures. */
const latencies = new Map<string, Promise<UnderLoad<SwapLatency>>>();
const memories = new Map<string, Promise<UnderLoad<SwapMemory>>>();

function once<Result>(
  kept: Map<string, Promise<UnderLoad<Result>>>,
  { model, swaps }: Size,
  stage: ModelStage,
  measure: (options: SwapOptions) => Promise<Result>,
) {
  const { rank, seed } = adapterSettings;
  const options = { modelPath: stage.models.path(model), threads: stage.threads, swaps, rank, seed };
  const key = JSON.stringify(options);
  return (): Promise<UnderLoad<Result>> => {
    const measured = kept.get(key) ?? underLoad(() => measure(options));
    kept.set(key, measured);
    return measured;
  };
}

function latency(id: string, what: string, quantile: number, target: number): ModelBench {
  return bench<Size>({
    id,
    what,
    baseline: '',
    subject: 'the device in its own process: validation, canary, swap, one token',
    target,
    direction: 'at most',
    unit: 'ms',
    sizes: {
      smoke: { model: 'tiny', swaps: 2 },
      quick: { model: 'medium', swaps: 20 },
      full: { model: 'smollm2-135m', swaps: 200 },
    },
    open: async (size, stage): Promise<Opened> => {
      const measured = once(latencies, size, stage, measureSwapLatency);
      return {
        kind: 'timed',
        quantile,
        load: async () => (await measured()).load,
        values: async () => (await measured()).result.publishToTokenMs,
      };
    },
  });
}

function memory(
  id: string,
  what: string,
  target: number,
  of: (measured: SwapMemory) => { value: number; low: number; high: number },
): ModelBench {
  return bench<Size>({
    id,
    what,
    baseline: '',
    subject: 'the process of the device, with no version loaded',
    target,
    direction: 'at most',
    unit: '',
    sizes: {
      smoke: { model: 'tiny', swaps: 10 },
      quick: { model: 'starter', swaps: 200 },
      full: { model: 'smollm2-135m', swaps: 500 },
    },
    open: async (size, stage): Promise<Opened> => {
      // Rounds of several swaps each, of which the second half is looked at.
      const measured = once(memories, size, stage, (options) => measureSwapMemory(options, size.swaps >= 20 ? 20 : 10));
      return { kind: 'single', timed: false, load: async () => (await measured()).load, value: async () => of((await measured()).result) };
    },
  });
}

/** P9: how long a new version takes to speak. P13: what is left of versions that are gone. */
export const adapterBenches: readonly ModelBench[] = [
  latency('P9.p50', 'from handing a version over to its first token, median', 0.5, 100),
  latency('P9.p99', 'from handing a version over to its first token, 99th percentile', 0.99, 500),
  memory('P13.memory', 'growth of the process by swap over the second half of all swaps, as a share of an adapter', 0.01, (measured) => {
    const [value, error] = [measured.bytesPerSwap / measured.adapterBytes, measured.bytesPerSwapError / measured.adapterBytes];
    return { value, low: value - error, high: value + error };
  }),
  memory('P13.files', 'open files more than before the first swap', 0, ({ openFiles: [before, after] }) => {
    const value = after - before;
    return { value, low: value, high: value };
  }),
];
