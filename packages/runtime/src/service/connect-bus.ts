import { RedQueenError } from '@redqueen/core';
import { createNatsBus } from '../bus/nats/nats-bus.ts';
import type { Bus } from '../bus/port.ts';
import type { Config } from '../config/schema.ts';
import type { Logger } from '../log/logger.ts';
import { systemClock } from '../system/clock.ts';

/**
 * The bus of a service process: NATS at bus.url. The memory bus lives in one process and cannot be shared between several.
 * Throws `failed_precondition` naming the setting, `unavailable` where nobody answers.
 */
export function connectServiceBus(config: Config, name: string, logger: Logger): Promise<Bus> {
  if (config.bus.kind === 'memory') {
    throw new RedQueenError(
      'failed_precondition',
      'bus.kind is memory, which needs all services in one process: use `redqueen start --bus memory`',
    );
  }
  if (!config.bus.url) {
    throw new RedQueenError(
      'failed_precondition',
      'a service process of its own needs bus.url (or NATS_URL), e.g. nats://127.0.0.1:4222; or use `redqueen start`',
    );
  }
  return createNatsBus({ url: config.bus.url, replicas: config.bus.replicas, name, clock: systemClock, logger });
}
