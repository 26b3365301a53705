import { processorSeconds } from '../actors/processor-time.ts';
import { bootstrapQuantile, quantileOf } from '../harness/bootstrap.ts';
import type { Estimate } from '../harness/figure.ts';
import type { Kind, OpenSystem, PeerSystem } from './system.ts';

/** How a kind is measured: so many operations a round, at most so many unconfirmed. */
export interface Shape {
  readonly kind: Kind;
  readonly window: number;
  readonly count: number;
}

/** One system's line in a table. */
export interface Row extends Shape {
  readonly name: string;
  readonly persists: string;
  readonly confirms: string;
  /** Operations a second: median over rounds with its interval. */
  readonly rate: Estimate;
  /** Milliseconds until an operation is done, over all rounds. */
  readonly p50: number;
  readonly p99: number;
  /** Processor time of all processes, servers included, in microseconds an operation: median over rounds. */
  readonly processor: number;
}

interface Round {
  readonly seconds: number;
  readonly processor: number;
  readonly latencies: readonly number[];
}

async function round(system: OpenSystem, { count, window }: Shape): Promise<Round> {
  const run = system.side(count);
  const computed = await processorSeconds();
  const begun = performance.now();
  const latencies = await run(window);
  const seconds = (performance.now() - begun) / 1000;
  return { seconds, processor: (await processorSeconds()) - computed, latencies };
}

function rowOf({ name, persists, confirms }: PeerSystem, shape: Shape, rounds: readonly Round[]): Row {
  const latencies = rounds.flatMap((one) => [...one.latencies]).map((seconds) => seconds * 1000);
  return {
    ...shape,
    name,
    persists,
    confirms,
    rate: bootstrapQuantile(
      rounds.map(({ seconds }) => shape.count / seconds),
      0.5,
      1,
    ),
    p50: quantileOf(latencies, 0.5),
    p99: quantileOf(latencies, 0.99),
    processor: quantileOf(
      rounds.map(({ processor }) => (processor / shape.count) * 1e6),
      0.5,
    ),
  };
}

/** Measures all systems of one kind in turn, there and back again, so that drift meets all alike; the first round of each is dropped. */
export async function measureKind(systems: readonly PeerSystem[], shapes: readonly Shape[], rounds: number): Promise<Row[]> {
  const open: { readonly system: PeerSystem; readonly opened: OpenSystem }[] = [];
  try {
    for (const system of systems) open.push({ system, opened: await system.open() });
    const rows: Row[] = [];
    for (const shape of shapes) {
      const seen = new Map(open.map(({ system }) => [system, [] as Round[]]));
      for (let pass = 0; pass <= rounds; pass++)
        for (const { system, opened } of pass % 2 === 0 ? open : open.toReversed()) {
          const done = await round(opened, shape);
          if (pass > 0) seen.get(system)?.push(done);
        }
      rows.push(...open.map(({ system }) => rowOf(system, shape, seen.get(system) ?? [])));
    }
    return rows;
  } finally {
    for (const { opened } of open) await opened[Symbol.asyncDispose]();
  }
}
