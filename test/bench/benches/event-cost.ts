import { aggregatorLoop } from '../actors/aggregator-loop.ts';
import { type BenchBus, openBenchBus } from '../actors/bench-bus.ts';
import { type Cost, costsByLength, type EventLoop, growth, spread, windowsAt } from '../actors/growth.ts';
import { poolLoop } from '../actors/pool-loop.ts';
import { projectionLoop } from '../actors/projection-loop.ts';
import { quantileOf } from '../harness/bootstrap.ts';
import { type UnderLoad, underLoad } from '../harness/load.ts';
import { bench, type ModelBench } from './bench.ts';

interface Size {
  /** Powers of ten of events that the ledger holds when measuring begins. */
  readonly first: number;
  readonly last: number;
  readonly windows: number;
  /** Events of a window. */
  readonly events: number;
  /** Events handled before anything is measured, on a ledger of their own: code is compiled as it runs. */
  readonly warmUp: number;
}

type Open = (bus: BenchBus) => Promise<EventLoop>;

/** Uses a server of its own, which ends with it. */
async function withBus<Result>(work: (bus: BenchBus) => Promise<Result>): Promise<Result> {
  await using bus = await openBenchBus();
  return await work(bus);
}

async function warm(open: Open, { warmUp, events }: Size): Promise<void> {
  await withBus(async (bus) => {
    const loop = await open(bus);
    await windowsAt(loop, 1, Math.ceil(warmUp / events), events);
  });
}

/** Costs at growing lengths of one ledger. */
async function byLength(open: Open, size: Size): Promise<Cost[]> {
  await warm(open, size);
  return await withBus(async (bus) => costsByLength(await open(bus), size));
}

/** Costs with growing numbers of agents, each number on a ledger of its own; one window of each after the other, so that drift cancels. */
async function byAgents(open: (agents: number) => Open, agents: readonly number[], size: Size): Promise<Cost[]> {
  await warm(open(agents[0] ?? 1), size);
  const buses = await Promise.all(agents.map(() => openBenchBus()));
  try {
    const loops = await Promise.all(buses.map((bus, place) => open(agents[place] ?? 1)(bus)));
    const costs: Cost[] = [];
    for (let window = 0; window <= size.windows; window++)
      for (const [place, loop] of loops.entries()) {
        const measured = await windowsAt(loop, agents[place] ?? 1, 1, size.events);
        if (window > 0) costs.push(...measured);
      }
    return costs;
  } finally {
    await Promise.all(buses.map((bus) => bus[Symbol.asyncDispose]()));
  }
}

interface Series {
  readonly name: string;
  readonly what: string;
  readonly subject: string;
  readonly costs: (size: Size) => Promise<Cost[]>;
}

const aggregator = (executors: number) => (bus: BenchBus) => aggregatorLoop(bus, executors);
const pool = (actors: number) => (bus: BenchBus) => poolLoop(bus, actors);

const series: readonly Series[] = [
  {
    name: 'aggregator',
    what: 'as the ledger grows from 10^first to 10^last events',
    subject: 'reward-aggregator/0 on JetStream: published, stored, read, folded, told, snapshots included',
    costs: (size) => byLength(aggregator(1), size),
  },
  {
    name: 'aggregator-agents',
    what: 'from 1 to 8 executors, the most that a recipe takes',
    subject: 'the same, on short ledgers',
    costs: (size) => byAgents(aggregator, [1, 2, 4, 8], size),
  },
  {
    name: 'pool',
    what: 'as the ledger grows from 10^first to 10^last events',
    subject: 'two pool actors on JetStream: a task published, delivered, handled, its answer confirmed, acknowledged',
    costs: (size) => byLength(pool(2), size),
  },
  {
    name: 'pool-agents',
    what: 'from 2 to 64 pool actors in one run',
    subject: 'the same with that many mailboxes and hosts, on short ledgers',
    costs: (size) => byAgents(pool, [2, 8, 64], size),
  },
  {
    name: 'projection',
    what: 'as the run grows from 10^first to 10^last events',
    subject: 'the gateway’s projection of a run, without a bus',
    costs: (size) => byLength(async () => projectionLoop(1), size),
  },
];

/** One series of costs serves both of its figures. */
const measured = new Map<string, Promise<UnderLoad<Cost[]>>>();

function costsOf({ name, costs }: Series, size: Size): Promise<UnderLoad<Cost[]>> {
  const key = `${name} ${JSON.stringify(size)}`;
  const known = measured.get(key) ?? underLoad(async () => told(name, await costs(size)));
  measured.set(key, known);
  return known;
}

/** Says the median cost at every size. */
function told(name: string, costs: Cost[]): Cost[] {
  const bySize = [...Map.groupBy(costs, ({ size }) => size)];
  const parts = bySize.map(
    ([size, group]) =>
      `${size}: ${(
        1e6 *
          quantileOf(
            group.map(({ seconds }) => seconds),
            0.5,
          )
      ).toFixed(1)} µs`,
  );
  process.stderr.write(`P12.${name}, an event at ${parts.join(', ')}\n`);
  return costs;
}

const sizes = {
  smoke: { first: 1, last: 2, windows: 2, events: 40, warmUp: 40 },
  quick: { first: 3, last: 4, windows: 8, events: 1000, warmUp: 20_000 },
  full: { first: 3, last: 6, windows: 8, events: 1000, warmUp: 60_000 },
} as const;

/** P12: whether an event costs the same however much came before it and however many there are. Costs are processor time of all processes, the server's included. */
export const eventCostBenches: readonly ModelBench[] = series.flatMap((one) => [
  bench<Size>({
    id: `P12.${one.name}`,
    what: `cost of an event, dearest over cheapest size, ${one.what}`,
    baseline: '',
    subject: one.subject,
    target: 1.2,
    direction: 'at most',
    unit: '',
    sizes,
    open: async (size) => ({
      kind: 'single',
      timed: true,
      load: async () => (await costsOf(one, size)).load,
      value: async () => spread((await costsOf(one, size)).result),
    }),
  }),
  bench<Size>({
    id: `P12.${one.name}.growth`,
    what: `growth of an event’s cost by tenfold that is shown (0 where the interval of the regression’s slope holds 0 or less), ${one.what}`,
    baseline: '',
    subject: one.subject,
    target: 0,
    direction: 'at most',
    unit: '',
    sizes,
    open: async (size) => ({
      kind: 'single',
      timed: true,
      load: async () => (await costsOf(one, size)).load,
      value: async () => Math.max(0, growth((await costsOf(one, size)).result).low),
    }),
  }),
]);
