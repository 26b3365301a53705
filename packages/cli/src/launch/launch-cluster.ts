import { RedQueenError } from '@redqueen/core';
import { noNats, obtainNats, processEnvironment, type Config, type Logger, type NatsSource } from '@redqueen/runtime';
import type { Cluster, LaunchOptions } from './cluster.ts';
import { lockFolder } from './folder-lock.ts';
import { launchInOneProcess } from './one-process.ts';
import { isPortTaken, withFreePorts } from './ports.ts';
import { launchProcesses } from './processes.ts';

/** A logger for what a person must know while nothing else is up yet. */
function sayingLogger(say: LaunchOptions['say']): Logger {
  const line = (facts: object | string, message?: string) => {
    if (typeof facts === 'string') return say(facts);
    const { reason } = facts as { reason?: string };
    say(reason === undefined ? (message ?? '') : `${message}: ${reason}`);
  };
  const logger: Logger = { debug: () => {}, info: line, warn: line, error: line, child: () => logger };
  return logger;
}

/** Undefined where the memory bus is to be used. Throws where NATS was asked for and cannot be had. */
async function natsToUse(config: Config, say: LaunchOptions['say']): Promise<Exclude<NatsSource, { kind: 'none' }> | undefined> {
  const oneProcess = 'all services run in this process, on the in-memory bus';
  if (config.bus.kind === 'memory') {
    say(`As asked, ${oneProcess}.`);
    return undefined;
  }
  const source = await obtainNats(config, processEnvironment(), sayingLogger(say));
  if (source.kind !== 'none') return source;
  if (config.bus.kind === 'nats') throw noNats(source.hint);
  say(`No nats-server on this machine: ${oneProcess}. To get one: ${source.hint}`);
  return undefined;
}

/** Copies need servers to lie on: what is started here has one. */
function requireOneCopy({ bus }: Config): void {
  if (bus.replicas === 1) return;
  const fix = 'set bus.replicas to 1, or bus.url (or NATS_URL) to a NATS cluster';
  throw new RedQueenError(
    'failed_precondition',
    `bus.replicas is ${bus.replicas}, but the bus of a cluster started here has one store: ${fix}`,
  );
}

type NatsToUse = Awaited<ReturnType<typeof natsToUse>>;

const launches = 3;

async function launchOnFreePorts(options: LaunchOptions, source: NatsToUse): Promise<Cluster> {
  for (let launch = 1; ; launch++) {
    // Two clusters that start at the same moment like the same default ports: the second choice is any port.
    const resolved = { ...options, config: await withFreePorts(options.config, launch > 1) };
    try {
      return source ? await launchProcesses(resolved, source) : await launchInOneProcess(resolved);
    } catch (error) {
      if (launch === launches || !isPortTaken(error)) throw error;
    }
  }
}

/**
 * Launches a local cluster over the data folder and resolves once all eight services are SERVING.
 * Throws one clear error where the folder is in use, NATS was asked for and cannot be had, a port that was asked for is in use,
 * or a service cannot be kept up; nothing is left behind then.
 */
export async function launchCluster(options: LaunchOptions): Promise<Cluster> {
  const lock = lockFolder(options.config.dataDir);
  try {
    const source = await natsToUse(options.config, options.say);
    if (source?.kind !== 'running') requireOneCopy(options.config);
    const cluster = await launchOnFreePorts(options, source);
    lock.announce({ gateway: cluster.gateway, page: cluster.page, kind: cluster.kind });
    return { ...cluster, stop: () => cluster.stop().finally(() => lock.release()) };
  } catch (error) {
    lock.release();
    throw error;
  }
}
