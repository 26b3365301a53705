import { join } from 'node:path';
import type { Message, ToldInput } from '@redqueen/contract';
import { encodeRunRecord, type Recipe, type RunRecord } from '@redqueen/core';
import { createCurriculum } from '@redqueen/curriculum';
import { createExecutor } from '@redqueen/executor';
import { createPolicy } from '@redqueen/policy';
import { createProposer } from '@redqueen/proposer';
import { createRewardAggregator } from '@redqueen/reward-aggregator';
import {
  addresses,
  createMemoryBus,
  loadConfig,
  rewardKeysIn,
  serviceNames,
  silentLogger,
  startService,
  systemClock,
  type Bus,
  type CreateService,
  type RunningService,
  type ServiceName,
} from '@redqueen/runtime';
import { temporaryFolder } from '@redqueen/testkit';
import { createVerifier } from '@redqueen/verifier';
import { createWorldModel } from '@redqueen/world-model';

/** Everything but the gateway: the services that a run needs to learn. Policy comes first, because the others ask for its port. */
const services: readonly [ServiceName, CreateService][] = [
  ['policy', createPolicy],
  ['proposer', createProposer],
  ['executor', createExecutor],
  ['verifier', createVerifier],
  ['world-model', createWorldModel],
  ['curriculum', createCurriculum],
  ['reward-aggregator', createRewardAggregator],
];

/** Services in one process on the in-memory bus, with the real device. */
export interface RoleCluster {
  readonly bus: Bus;
  readonly ports: ReadonlyMap<ServiceName, number>;
  /** Starts a run as the gateway does. */
  start(run: string, recipe: Recipe): Promise<void>;
  tell(run: string, id: string, to: (typeof addresses)[keyof typeof addresses], told: ToldInput): Promise<void>;
  /** The run's messages from the first one on, until `last` says so. */
  until(run: string, last: (message: Message) => boolean): Promise<Message[]>;
  close(): Promise<void>;
}

/** Starts the services, on a bus of their own where none is given, and waits until all of them serve. */
export async function startRoles(given?: Bus): Promise<RoleCluster> {
  const bus = given ?? (await createMemoryBus({ clock: systemClock, logger: silentLogger }));
  const folder = temporaryFolder();
  const keysFolder = join(folder.path, 'keys');
  const running: RunningService[] = [];
  const ports = new Map<ServiceName, number>();
  for (const [name, create] of services) {
    const flags = Object.fromEntries(serviceNames.map((other) => [`services.${other}.port`, ports.get(other) ?? 0]));
    const { config } = loadConfig({ environment: {}, flags: { ...flags, dataDir: folder.path, 'signing.keysFolder': keysFolder } });
    const service = await startService(name, create, { config, bus, logger: silentLogger });
    ports.set(name, service.port);
    running.push(service);
  }
  await Promise.all(running.map(({ serving }) => serving));
  const tell = async (run: string, id: string, to: (typeof addresses)[keyof typeof addresses], told: ToldInput): Promise<void> => {
    await bus.publish({ id, run, from: addresses.gateway, to, cause: '', traceparent: '', ...told });
  };
  return {
    bus,
    ports,
    tell,
    async start(run, recipe) {
      await bus.openRun(run);
      const record: RunRecord = {
        run,
        recipe,
        seed: recipe.seed,
        updates: recipe.updates,
        status: 'running',
        startedAt: systemClock.now(),
        rewardKeys: rewardKeysIn(keysFolder),
      };
      await (await bus.keyValue('rq-runs')).create(run, Buffer.from(encodeRunRecord(record)));
      const start: ToldInput = { kind: 'control', body: { command: 'start', agent: '', version: 0, reason: '' } };
      await tell(run, `${run}-start-policy`, addresses.policy, start);
      await tell(run, `${run}-start-curriculum`, addresses.curriculum, start);
    },
    async until(run, last) {
      const messages: Message[] = [];
      for await (const { message } of bus.read(run, { from: 1, follow: true })) {
        messages.push(message);
        if (last(message)) break;
      }
      return messages;
    },
    async close() {
      await Promise.all(running.toReversed().map((service) => service.stop()));
      if (!given) await bus.close();
      folder[Symbol.dispose]();
    },
  };
}
