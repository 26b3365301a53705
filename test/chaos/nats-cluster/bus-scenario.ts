import { streamOf } from '@redqueen/contract';
import { createNatsBus, silentLogger, systemClock, type Bus } from '@redqueen/runtime';
import { startTestCluster, type TestCluster } from '@redqueen/testkit';
import { trafficFigures, trafficText } from '../bus-traffic/figures.ts';
import { Traffic } from '../bus-traffic/traffic.ts';
import { longestStall, trafficVerdict } from '../bus-traffic/verdict.ts';
import { type ChaosFigure, type ChaosOptions, figure, type Scenario } from '../harness/scenario.ts';
import { clusterFaults, type FaultKind, type Links, playFaults } from './faults.ts';

const run = 'chaos';

/** A bus over all nodes of a cluster, with a copy of everything on each. */
export function clusterBus(cluster: TestCluster, name: string): Promise<Bus> {
  return createNatsBus({ url: cluster.url, name, replicas: 3, clock: systemClock, logger: silentLogger });
}

/** A cluster to hurt, and how. */
export interface BusTrial {
  readonly id: string;
  readonly kinds: readonly FaultKind[];
  /** How long one fault lasts, seconds. */
  readonly lasting: number;
  readonly seconds: number;
  readonly every: number;
  readonly links?: Links | undefined;
}

/** Traffic over a cluster while its nodes are hurt, and what became of it. */
export async function hurtCluster(
  cluster: TestCluster,
  trial: BusTrial,
  options: Pick<ChaosOptions, 'seed' | 'say'>,
): Promise<ChaosFigure[]> {
  const { id, kinds, links, lasting, seconds, every } = trial;
  const { seed, say } = options;
  await using writers = await clusterBus(cluster, 'writers');
  await using readers = await clusterBus(cluster, 'readers');
  const traffic = await Traffic.start({ run, writers, readers });
  const faults = clusterFaults(seed, kinds, { seconds, every, lasting });
  const from = Date.now();
  await playFaults({ cluster, stream: streamOf(run), faults, links, say });
  await cluster.settled(60_000);
  await traffic.stop();
  const to = Date.now();
  await traffic.readersCaughtUp(60_000);
  const verdict = await trafficVerdict(traffic, readers, run);
  say(trafficText(traffic));
  const longest = longestStall(traffic.confirmedAt, from, to);
  const [stall, begin] = [longest.ms / 1000, (longest.from - from) / 1000];
  const what = `longest time without a confirmation (from ${begin.toFixed(1)} s on), over ${faults.length} faults (${kinds.join(', ')})`;
  return [...trafficFigures(id, { seed }, verdict), figure(`${id}.stall`, { seed }, stall, { atMost: 10, unit: 's' }, what)];
}

/** Three nodes of a JetStream cluster on loopback, one after the other killed or stopped. */
function loopbackScenario(id: string, title: string, kind: FaultKind, lasting: number): Scenario {
  return {
    id,
    title,
    async run({ form, seed, say, ...given }) {
      const every = given.every ?? (form === 'full' ? Math.max(10, lasting * 2) : Math.max(8, lasting * 2));
      const seconds = given.seconds ?? (form === 'full' ? 120 : 16);
      const cluster = await startTestCluster();
      try {
        return await hurtCluster(cluster, { id, kinds: [kind], lasting, seconds, every }, { seed, say });
      } finally {
        await cluster.close();
      }
    },
  };
}

/** A node killed every 10 s, started again 4 s later. */
export const nodeKills = loopbackScenario('R5a', 'JetStream with three copies: a node killed every 10 s', 'kill', 4);
/** A node stopped for 10 s every 20 s. */
export const nodePauses = loopbackScenario('R5b', 'JetStream with three copies: a node stopped for 10 s', 'pause', 10);
