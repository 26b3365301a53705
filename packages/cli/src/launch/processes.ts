import { RedQueenError } from '@redqueen/core';
import {
  cacheFolder,
  healthProbe,
  processEnvironment,
  serviceAddress,
  serviceNames,
  startNatsServer,
  systemClock,
  systemIds,
  type Config,
  type NatsSource,
  type ServiceName,
} from '@redqueen/runtime';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Cluster, LaunchOptions } from './cluster.ts';
import { roomAfterFull } from './disk-room.ts';
import { pageAddress } from './ports.ts';
import { beginService } from './service-process.ts';
import { supervise, type Life, type Supervisor } from './supervisor.ts';

/** The order in which services are stopped: those of a stage together. */
const stopStages: readonly (readonly ServiceName[])[] = [
  ['gateway'],
  ['curriculum'],
  ['proposer', 'executor', 'world-model', 'verifier'],
  ['reward-aggregator'],
  ['policy'],
];

const servingTimeoutMs = 60_000;

type NatsToUse = Exclude<NatsSource, { kind: 'none' }>;
type Failed = (error: RedQueenError) => void;

/** A nats-server kept up on one port, so that the services find it again. */
async function keepNats(program: string, options: LaunchOptions, failed: Failed): Promise<{ supervisor: Supervisor; url: string }> {
  let port = 0;
  const begin = async (): Promise<Life> => {
    const server = await startNatsServer({ program, dataDir: options.config.dataDir, port, clock: systemClock });
    port = server.port;
    const watching = new AbortController();
    let reason = 'see nats-server.log';
    void roomAfterFull({ folder: options.config.dataDir, clock: systemClock, say: options.say }, watching.signal).then(async (room) => {
      if (!room) return;
      reason = 'its disk was full and has room again';
      await server.stop();
    });
    return {
      pid: server.pid,
      ended: server.ended.then(() => {
        watching.abort();
        return { reason, hopeless: false };
      }),
      stop: () => server.stop(),
    };
  };
  const supervisor = await supervise({ name: 'nats-server', begin, clock: systemClock, say: options.say, failed });
  return { supervisor, url: `nats://127.0.0.1:${port}` };
}

/** Resolves once every service is SERVING. Throws `unavailable` naming those that are not in time. */
async function allServing(config: Config, logs: string): Promise<void> {
  const until = systemClock.now() + servingTimeoutMs;
  const serving = async (name: ServiceName): Promise<ServiceName | undefined> => {
    const probe = healthProbe(serviceAddress(config, name));
    try {
      while ((await probe.check(1000)) !== 'SERVING') {
        if (systemClock.now() > until) return name;
        await systemClock.sleep(50);
      }
      return undefined;
    } finally {
      probe.close();
    }
  };
  const missing = (await Promise.all(serviceNames.map(serving))).filter((name) => name !== undefined);
  if (missing.length === 0) return;
  throw new RedQueenError('unavailable', `${missing.join(', ')} did not serve within ${servingTimeoutMs / 1000} s; see ${logs}`);
}

function writeConfig(config: Config): string {
  const file = join(config.dataDir, 'cluster.yaml');
  writeFileSync(file, `# Written by the launcher at every start: the resolved configuration of the cluster.\n${stringify(config)}`);
  return file;
}

/** Launches the eight services as processes over NATS. The configuration must hold the ports. */
export async function launchProcesses(options: LaunchOptions, source: NatsToUse): Promise<Cluster> {
  const { config, say } = options;
  const logs = join(config.dataDir, 'logs');
  mkdirSync(logs, { recursive: true });
  const failure = Promise.withResolvers<RedQueenError>();
  let launched = false;
  const failed: Failed = (error) => {
    // Until then it is the launch that fails, with this very error.
    if (launched) say(error.message);
    failure.resolve(error);
  };
  const nats = source.kind === 'program' ? await keepNats(source.program, options, failed) : undefined;
  const url = source.kind === 'running' ? source.url : (nats?.url ?? '');
  const services = new Map<ServiceName, Supervisor>();
  const stop = async () => {
    for (const stage of stopStages) await Promise.all(stage.map(async (name) => services.get(name)?.stop()));
    await nats?.supervisor.stop();
  };
  try {
    const configFile = writeConfig({ ...config, bus: { ...config.bus, kind: 'nats', url } });
    const compileCache = join(cacheFolder(processEnvironment()), 'compiled');
    const instance = systemIds.next();
    for (const name of serviceNames) {
      const begin = () => beginService({ name, configFile, logFile: join(logs, `${name}.log`), compileCache, instance });
      services.set(name, await supervise({ name, begin, clock: systemClock, say, failed }));
    }
    const failing = failure.promise.then((error) => Promise.reject(error));
    await Promise.race([allServing(config, logs), failing]);
  } catch (error) {
    await stop();
    throw error;
  }
  launched = true;
  let stopped: Promise<void> | undefined;
  return {
    kind: 'nats',
    gateway: serviceAddress(config, 'gateway'),
    page: pageAddress(config),
    processes: () => {
      const all = [...services, ['nats-server', nats?.supervisor] as const];
      return Object.fromEntries(all.flatMap(([name, supervisor]) => (supervisor?.pid === undefined ? [] : [[name, supervisor.pid]])));
    },
    failed: failure.promise,
    stop: () => (stopped ??= stop()),
  };
}
