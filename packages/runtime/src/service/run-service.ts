import { RedQueenError } from '@redqueen/core';
import { instanceVariable, processEnvironment } from '../config/environment.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { Bus } from '../bus/port.ts';
import { createLogger, type Logger } from '../log/logger.ts';
import type { ServiceName } from '../rpc/definitions.ts';
import { connectServiceBus } from './connect-bus.ts';
import { settledWithin } from './lifecycle.ts';
import { startService, type RunningService } from './start-service.ts';
import type { CreateService } from './types.ts';

/** How a service process ends. */
export const exitCodes = {
  /** Drained as asked. */
  drained: 0,
  /** A failure that another start may mend. */
  failed: 1,
  /** A failure that only a person can mend: the configuration, a port in use, a missing file. */
  hopeless: 2,
} as const;

/** From the signal to the end of the process. */
const graceMs = 10_000;

/** Resolves at the first SIGTERM or SIGINT, or when the launcher that started this process is gone; the second signal ends the process at once. */
function whenToldToEnd(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let told = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (told) process.exit(exitCodes.failed);
      told = true;
      resolve(signal);
    });
  }
  if (process.channel) {
    process.once('disconnect', () => resolve('the launcher is gone'));
    // The channel alone must not keep the process alive.
    process.channel.unref();
  }
  return promise;
}

function exitCodeOf(error: RedQueenError): number {
  return error.code === 'invalid_argument' || error.code === 'failed_precondition' || error.code === 'not_found'
    ? exitCodes.hopeless
    : exitCodes.failed;
}

/** Ends the process with one line that says why, and tells a launcher the same. */
function fail(name: string, logger: Logger, reason: unknown): never {
  const error = RedQueenError.from(reason);
  logger.error({ err: reason }, `${name} failed: ${error.message}`);
  process.send?.({ failed: error.message });
  process.exit(exitCodeOf(error));
}

/** Ends the process when something was thrown that nobody handled: a fresh start is better than an unknown state. */
function failOnUnhandled(name: string, logger: Logger): void {
  process.on('unhandledRejection', (reason) => fail(name, logger, reason));
  process.on('uncaughtException', (error) => fail(name, logger, error));
}

async function end(name: string, logger: Logger, service: RunningService, bus: Bus): Promise<never> {
  const drained = await settledWithin(
    service.stop().then(() => bus.close()),
    graceMs,
  );
  if (!drained) logger.error(`${name} did not drain within ${graceMs / 1000} s`);
  else logger.info(`${name} has stopped`);
  process.exit(drained ? exitCodes.drained : exitCodes.failed);
}

async function start(name: ServiceName, create: CreateService, config: Config, logger: Logger): Promise<readonly [RunningService, Bus]> {
  const bus = await connectServiceBus(config, name, logger);
  const service = await startService(name, create, { config, bus, logger, instance: processEnvironment()[instanceVariable] });
  return [service, bus];
}

/**
 * The whole life of a service's process: configuration, bus, service, until SIGTERM or SIGINT; drains and exits 0.
 * A failure ends it with one line and exit code 1, or 2 where another start cannot help.
 */
export async function runService(name: ServiceName, create: CreateService): Promise<void> {
  let logger = createLogger({ level: 'info', facts: { pid: process.pid } });
  failOnUnhandled(name, logger);
  try {
    const toldToEnd = whenToldToEnd();
    const { config } = loadConfig();
    logger = createLogger({ level: config.log.level, facts: { pid: process.pid } });
    const started = await Promise.race([start(name, create, config, logger), toldToEnd]);
    // Told before anything was at work: nothing to drain.
    if (typeof started === 'string') return process.exit(exitCodes.drained);
    const [service, bus] = started;
    // Only the service's own readiness can reject here; being told to end is no failure.
    const failure = service.serving.then(
      () => new Promise<never>(() => {}),
      (error: unknown) => (service.state === 'running' ? error : new Promise<never>(() => {})),
    );
    const ended = await Promise.race([toldToEnd, failure]);
    if (typeof ended !== 'string') throw ended;
    logger.info(`${name} is draining: ${ended}`);
    await end(name, logger, service, bus);
  } catch (error) {
    fail(name, logger, error);
  }
}
