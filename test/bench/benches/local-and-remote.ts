import { openAskSides } from '../actors/ask-sides.ts';
import { openLocalTells } from '../actors/local-tells.ts';
import type { Estimate } from '../harness/figure.ts';
import { bootstrapQuantile } from '../harness/bootstrap.ts';
import { bench, type ModelBench, type Opened } from './bench.ts';

interface Size {
  /** Asks of a run. */
  readonly asks: number;
  /** Tells for each ask. */
  readonly tells: number;
}

const window = 256;

async function openLocal({ asks, tells }: Size): Promise<Opened> {
  const [remote, local] = await Promise.all([openAskSides(), openLocalTells()]);
  let ask = remote.ours(asks);
  let tell = local.tells(asks * tells);
  return {
    kind: 'compared',
    scale: tells,
    control: 'subject',
    baseline: {
      prepare: async () => {
        ask = remote.ours(asks);
      },
      run: async () => {
        await ask(1);
      },
    },
    subject: {
      prepare: async () => {
        tell = local.tells(asks * tells);
      },
      run: async () => {
        await tell(window);
      },
    },
    close: async () => {
      await remote[Symbol.asyncDispose]();
      await local[Symbol.asyncDispose]();
    },
  };
}

interface AskSize {
  readonly asks: number;
  /** Asks under way at once. */
  readonly window: number;
  /** Runs, after one that warms up. */
  readonly runs: number;
}

/** Runs of asks, each turned into a number. */
async function askRuns({ asks, window: atOnce, runs }: AskSize, of: (latencies: readonly number[], seconds: number) => number[]) {
  const sides = await openAskSides();
  try {
    await sides.ours(asks)(atOnce);
    const values: number[] = [];
    for (let run = 0; run < runs; run++) {
      const ready = sides.ours(asks);
      const begun = performance.now();
      const latencies = await ready(atOnce);
      values.push(...of(latencies, (performance.now() - begun) / 1000));
    }
    return values;
  } finally {
    await sides[Symbol.asyncDispose]();
  }
}

/** Asks a second, the median over runs with its interval. */
async function rate(size: AskSize): Promise<Estimate> {
  return bootstrapQuantile(await askRuns(size, (_, seconds) => [size.asks / seconds]), 0.5, 1);
}

const rates = [
  { name: 'serial', what: 'asks a second, one after the other', window: 1, target: 2012, asks: 600 },
  { name: 'pipelined', what: 'asks a second, 64 under way at once', window: 64, target: 8600, asks: 4000 },
] as const;

const subject = 'a client of our RPC layer asks a server of our RPC layer in another process';

/** P16: what a message within a process and a question to another one cost. The rates are those of Ray's microbenchmark, from another machine: an order of magnitude. */
export const localAndRemoteBenches: readonly ModelBench[] = [
  bench<Size>({
    id: 'P16.local',
    what: 'a tell within the process, over the time of an ask of another process',
    baseline: 'a gRPC unary call, one after the other',
    subject: 'an actor told on the memory bus, wire codec and mailbox included, 256 at once',
    target: 100,
    direction: 'at least',
    unit: '',
    sizes: { smoke: { asks: 10, tells: 4 }, quick: { asks: 500, tells: 16 }, full: { asks: 2000, tells: 16 } },
    open: openLocal,
  }),
  bench<AskSize>({
    id: 'P16.ask.p50',
    what: 'an ask of another process, median time',
    baseline: '',
    subject,
    target: 0.5,
    direction: 'at most',
    unit: 'ms',
    sizes: {
      smoke: { asks: 20, window: 1, runs: 1 },
      quick: { asks: 600, window: 1, runs: 3 },
      full: { asks: 4000, window: 1, runs: 5 },
    },
    open: async (size) => ({
      kind: 'timed',
      quantile: 0.5,
      values: async () => await askRuns(size, (latencies) => latencies.map((seconds) => seconds * 1000)),
    }),
  }),
  ...rates.map(({ name, what, window: atOnce, target, asks }) =>
    bench<AskSize>({
      id: `P16.ask.${name}`,
      what,
      baseline: '',
      subject,
      target,
      direction: 'at least',
      unit: 'a second',
      sizes: {
        smoke: { asks: 20, window: atOnce, runs: 2 },
        quick: { asks, window: atOnce, runs: 5 },
        full: { asks: 4 * asks, window: atOnce, runs: 9 },
      },
      open: async (size) => ({ kind: 'single', timed: true, value: async () => await rate(size) }),
    }),
  ),
];
