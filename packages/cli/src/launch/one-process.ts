import {
  createLogger,
  createMemoryBus,
  serviceAddress,
  serviceNames,
  startService,
  systemClock,
  type CreateService,
  type RunningService,
  type ServiceName,
} from '@redqueen/runtime';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster, LaunchOptions } from './cluster.ts';
import { pageAddress } from './ports.ts';

/** Loaded only here: a launcher of processes needs none of them. */
const creators: Readonly<Record<ServiceName, () => Promise<CreateService>>> = {
  policy: async () => (await import('@redqueen/policy')).createPolicy,
  proposer: async () => (await import('@redqueen/proposer')).createProposer,
  executor: async () => (await import('@redqueen/executor')).createExecutor,
  verifier: async () => (await import('@redqueen/verifier')).createVerifier,
  'world-model': async () => (await import('@redqueen/world-model')).createWorldModel,
  curriculum: async () => (await import('@redqueen/curriculum')).createCurriculum,
  'reward-aggregator': async () => (await import('@redqueen/reward-aggregator')).createRewardAggregator,
  gateway: async () => (await import('@redqueen/gateway')).createGateway,
};

/** Who makes work is stopped before who does it. */
const stopOrder: readonly ServiceName[] = [
  'gateway',
  'curriculum',
  'proposer',
  'executor',
  'world-model',
  'verifier',
  'reward-aggregator',
  'policy',
];

/** Launches the eight services inside this process over the memory bus, journaled in the data folder. The configuration must hold the ports. */
export async function launchInOneProcess({ config }: LaunchOptions): Promise<Cluster> {
  const logs = join(config.dataDir, 'logs');
  const folder = join(config.dataDir, 'bus');
  for (const path of [logs, folder]) mkdirSync(path, { recursive: true });
  const log = openSync(join(logs, 'cluster.log'), 'a');
  const logger = createLogger({ level: config.log.level, destination: { write: (line: string) => void writeSync(log, line) } });
  const services = new Map<ServiceName, RunningService>();
  const failure = Promise.withResolvers<Error>();
  const bus = await createMemoryBus({ clock: systemClock, logger, folder, failed: failure.resolve }).catch((error: unknown) => {
    closeSync(log);
    throw error;
  });
  const stop = async () => {
    for (const name of stopOrder) await services.get(name)?.stop();
    // Whatever it could not write was said when it happened.
    await bus.close().catch((error: unknown) => logger.error({ err: error }, 'the bus did not close in order'));
    closeSync(log);
  };
  const inOneProcess = { ...config, bus: { ...config.bus, kind: 'memory' as const } };
  try {
    for (const name of serviceNames)
      services.set(name, await startService(name, await creators[name](), { config: inOneProcess, bus, logger }));
    await Promise.all([...services.values()].map(({ serving }) => serving));
  } catch (error) {
    await stop();
    throw error;
  }
  let stopped: Promise<void> | undefined;
  return {
    kind: 'memory',
    gateway: serviceAddress(config, 'gateway'),
    page: pageAddress(config),
    processes: () => ({}),
    // A failure of one service is a failure of this very process; the bus that they share can fail by itself.
    failed: failure.promise,
    stop: () => (stopped ??= stop()),
  };
}
