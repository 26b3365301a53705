import { RedQueenError, type Clock, type IdSource } from '@redqueen/core';
import type { Bus } from '../bus/port.ts';
import type { Config } from '../config/schema.ts';
import { createLogger, type Logger } from '../log/logger.ts';
import type { ServiceName } from '../rpc/definitions.ts';
import { healthProbe } from '../rpc/health.ts';
import { startRpcServer, type RpcServer } from '../rpc/server.ts';
import { Attachments } from './attachments.ts';
import { createClients, serviceAddress, type Clients } from './clients.ts';
import { createLifecycle, settledWithin, type Lifecycle, type LifecycleState } from './lifecycle.ts';
import { pluginHandlers, recipeCheck } from './recipe-check.ts';
import { keepReadiness } from './readiness.ts';
import { failRun, Runs } from '../runs/runs.ts';
import { attachRun } from './run-host.ts';
import { ensureKey, isExposed, privateKeyFile } from '../signing/key-folder.ts';
import { tellsRewards } from '../signing/run-keys.ts';
import { systemClock } from '../system/clock.ts';
import { systemIds } from '../system/ids.ts';
import type { CreateService, ServiceContext, ServiceParts } from './types.ts';

/** What a service runs on. */
export interface StartOptions {
  readonly config: Config;
  /** Stays open when the service stops: it belongs to the caller. */
  readonly bus: Bus;
  readonly clock?: Clock;
  readonly ids?: IdSource;
  /** Name of this process over its restarts; see ServiceContext. */
  readonly instance?: string | undefined;
  readonly logger?: Logger;
}

/** A service at work in this process. */
export interface RunningService {
  readonly name: ServiceName;
  /** Port of its gRPC server. */
  readonly port: number;
  readonly state: LifecycleState;
  /** Runs that its actors are at work on. */
  readonly runs: readonly string[];
  /** Resolves once it is SERVING for the first time. Rejects with the error with which it became clear that it never will be. */
  readonly serving: Promise<void>;
  /**
   * Drains (A7): NOT_SERVING, no new messages, what is in hand is finished or given back, calls under way are finished, then everything is released.
   * At most about 9 s; never rejects; a second call waits for the first.
   */
  stop(): Promise<void>;
}

/** Shares of the grace period of 10 s. */
const graceMs = { actors: 5000, calls: 2000, close: 2000 };

interface Running {
  readonly name: ServiceName;
  readonly context: ServiceContext;
  readonly parts: ServiceParts;
  readonly clients: Clients;
  readonly server: RpcServer;
  readonly lifecycle: Lifecycle;
  readonly attachments: Attachments;
  /** Ends the watches over runs and health. */
  readonly watching: AbortController;
  /** Ends `context.signal`. */
  readonly ending: AbortController;
}

async function drain(running: Running): Promise<void> {
  const { name, context, parts, clients, server, lifecycle, attachments, watching, ending } = running;
  lifecycle.advance('draining');
  watching.abort();
  server.setServing(false);
  if (!(await settledWithin(attachments.stop(), graceMs.actors))) {
    context.logger.warn({ runs: attachments.runs }, `${name}: actors did not finish in time; their messages will come again`);
  }
  ending.abort(new RedQueenError('unavailable', `${name} is shutting down`));
  await server.drain(graceMs.calls);
  const closing = parts.close?.() ?? Promise.resolve();
  closing.catch((error: unknown) => context.logger.error({ err: error }, `${name} could not release everything`));
  if (!(await settledWithin(closing, graceMs.close))) context.logger.warn(`${name}: release took too long`);
  clients.close();
  lifecycle.advance('stopped');
}

/** Watches runs and attaches to them; comes back when the bus fails meanwhile. */
async function followRuns({ context, attachments, watching }: Running): Promise<void> {
  const { signal } = watching;
  while (!signal.aborted) {
    try {
      const runs = await Runs.open(context.bus);
      for await (const record of runs.watch(signal, context.logger)) attachments.update(record);
    } catch (error) {
      if (!signal.aborted) context.logger.warn({ err: error }, 'the watch over runs ended; it starts again');
    }
    await context.clock.sleep(500, signal).catch(() => {});
  }
}

/** Watches health from now on; resolves when the service serves for the first time, rejects when `ready` does. */
function watchHealth(running: Running): Promise<void> {
  const { name, context, parts, server, watching } = running;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const ready = Promise.resolve().then(() => parts.ready?.());
  ready.catch((error: unknown) => reject(RedQueenError.from(error)));
  const dependencies = new Map(
    parts.dependencies.map((dependency) => [dependency, healthProbe(serviceAddress(context.config, dependency))]),
  );
  const changed = (serving: boolean) => {
    server.setServing(serving);
    context.logger[serving ? 'info' : 'warn'](serving ? `${name} is serving on port ${server.port}` : `${name} is not serving`);
    if (serving) resolve();
  };
  const { bus, clock, logger } = context;
  const options = { dependencies, busHealthy: () => bus.healthy(), ready, healthy: parts.healthy, clock, logger, changed };
  void keepReadiness(options, watching.signal).finally(() => {
    for (const probe of dependencies.values()) probe.close();
    reject(new RedQueenError('cancelled', `${name} was stopped before it was serving`));
  });
  return promise;
}

/** Makes the service's key on first use, so that runs can be started. Throws `failed_precondition` where there can be none. */
function prepareKey(name: ServiceName, { signing: { rewards, keysFolder } }: Config, logger: Logger): void {
  if (rewards === 'off' || !tellsRewards(name)) return;
  ensureKey(keysFolder, name);
  if (isExposed(keysFolder, name)) logger.warn(`${privateKeyFile(keysFolder, name)} can be read by every user of this machine; chmod 600`);
}

/**
 * Starts a service inside this process: its gRPC server at once, SERVING once the bus, its dependencies and itself are ready,
 * its actors whenever a run is under way. Throws where it cannot be made, has no key, or its port is in use.
 */
export async function startService(name: ServiceName, create: CreateService, options: StartOptions): Promise<RunningService> {
  const { config, bus, clock = systemClock, ids = systemIds } = options;
  const logger = (options.logger ?? createLogger({ level: config.log.level })).child({ service: name });
  prepareKey(name, config, logger);
  const ending = new AbortController();
  const clients = createClients(config);
  const context: ServiceContext = {
    name,
    config,
    bus,
    clock,
    ids,
    instance: options.instance,
    logger,
    connect: clients.connect,
    checkRecipe: recipeCheck(clients.plugins),
    signal: ending.signal,
  };
  const lifecycle = createLifecycle((state) => logger.debug({ state }, `${name} is ${state}`));
  const parts = await create(context);
  const server = await startRpcServer({
    host: config.listenHost,
    port: config.services[name].port,
    implementation: { ...parts.rpc, PluginService: pluginHandlers(parts) },
    logger,
    maxCalls: parts.maxCalls,
    portSetting: `services.${name}.port`,
  }).catch(async (error: unknown) => {
    await parts.close?.().catch(() => {});
    clients.close();
    throw error;
  });
  const attachments = new Attachments({
    attach: (record) => attachRun(record, parts, context),
    refuse: (record, { message }) => failRun(context, record.run, message),
    clock,
    logger,
  });
  const running: Running = { name, context, parts, clients, server, lifecycle, attachments, watching: new AbortController(), ending };
  lifecycle.advance('running');
  const serving = watchHealth(running);
  if (parts.actors) serving.then(() => followRuns(running)).catch(() => {});
  else serving.catch(() => {});
  let stopped: Promise<void> | undefined;
  return {
    name,
    port: server.port,
    serving,
    get state() {
      return lifecycle.state;
    },
    get runs() {
      return attachments.runs;
    },
    stop: () => (stopped ??= drain(running)),
  };
}
