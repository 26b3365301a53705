import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Client,
  type RpcService,
  connectRpc,
  createNatsBus,
  loadConfig,
  rpcServiceOf,
  serviceAddress,
  serviceNames,
} from '@redqueen/runtime';
import { type Bus, type Config, type ServiceName, Runs, silentLogger, systemClock } from '@redqueen/runtime';
import type { RunRecord } from '@redqueen/core';
import { connect, type RedQueen, type StartOptions } from '@redqueen/sdk';
import { parse } from 'yaml';
import { launchCluster } from '../../../packages/cli/src/launch/index.ts';

/** The eight services as processes over a nats-server, launched as `redqueen up` does it, with a client and a bus connection of our own. */
export interface ChaosCluster {
  readonly client: RedQueen;
  readonly bus: Bus;
  readonly config: Config;
  /** Process id of a service, or of the nats-server; undefined while the launcher is starting it again. */
  pid(name: ServiceName | 'nats-server'): number | undefined;
  /** Resolves with the reason when the launcher gives a service up. */
  readonly failed: Promise<Error>;
  /** A typed client of a service, closed with the cluster. */
  rpc<Name extends ServiceName>(service: Name): Client<(typeof rpcServiceOf)[Name]>;
  /** Starts a run and resolves with its record. */
  start(options: StartOptions): Promise<RunRecord>;
  /** Stops everything. */
  stop(): Promise<void>;
}

/** Settings of a cluster: every port free, everything in one folder, a real nats-server. More flags win. */
function configOf(folder: string, more: Readonly<Record<string, unknown>>): Config {
  const ports = Object.fromEntries(serviceNames.map((name) => [`services.${name}.port`, 0]));
  return loadConfig({ flags: { dataDir: folder, 'bus.kind': 'nats', 'gateway.pagePort': 0, ...ports, ...more } }).config;
}

/** Launches a cluster over an empty folder. `flags` are settings by dotted path, e.g. {'bus.url': 'nats://…'}. */
export async function startChaosCluster(
  folder: string,
  say: (line: string) => void,
  flags: Readonly<Record<string, unknown>> = {},
): Promise<ChaosCluster> {
  const launched = await launchCluster({ config: configOf(folder, flags), say });
  // What the launcher resolved: the ports and where NATS is.
  const config = parse(readFileSync(join(folder, 'cluster.yaml'), 'utf8')) as Config;
  const client = connect(launched.gateway);
  const closing: (() => unknown)[] = [() => client.close()];
  const stop = async () => {
    for (const close of closing.splice(0)) await close();
    await launched.stop();
  };
  try {
    const bus = await createNatsBus({ url: config.bus.url, name: 'chaos', clock: systemClock, logger: silentLogger });
    closing.push(() => bus.close());
    return {
      client,
      bus,
      config,
      pid: (name) => launched.processes()[name],
      failed: launched.failed,
      rpc(service) {
        const made = connectRpc(rpcServiceOf[service] as RpcService, serviceAddress(config, service));
        closing.push(() => made.close());
        return made as never;
      },
      async start(options) {
        const { run } = await client.runs.start(options);
        await bus.openRun(run);
        const record = await (await Runs.open(bus)).get(run);
        if (!record) throw new Error(`run ${run} has no record`);
        return record;
      },
      stop,
    };
  } catch (reason) {
    await stop();
    throw reason;
  }
}
