import { RedQueenError } from '@redqueen/core';
import type { Environment } from '../config/environment.ts';
import type { Config } from '../config/schema.ts';
import type { Logger } from '../log/logger.ts';
import { cacheFolder, distribution, findNatsServer, installHint } from './find.ts';
import { requireJetStream } from './probe.ts';
import { unpackNatsServer } from './unpack.ts';

/** Where NATS comes from. */
export type NatsSource =
  /** A server that runs already, with JetStream. */
  | { readonly kind: 'running'; readonly url: string }
  /** A program to start. */
  | { readonly kind: 'program'; readonly program: string }
  /** None can be had; `hint` is the command that installs it. */
  | { readonly kind: 'none'; readonly hint: string };

/**
 * Where NATS comes from on this machine: bus.url, else a program (see {@link findNatsServer}), else the distribution's package, unpacked once.
 * Throws where something was named and does not do: a server without JetStream or that does not answer, a program that cannot be run.
 */
export async function obtainNats(config: Config, environment: Environment, logger: Logger): Promise<NatsSource> {
  const { url, serverBinary } = config.bus;
  if (url) {
    await requireJetStream(url);
    return { kind: 'running', url };
  }
  const cache = cacheFolder(environment);
  const found = findNatsServer({ named: serverBinary, environment, cacheFolder: cache });
  if (found) return { kind: 'program', program: found };
  if (distribution().includes('debian')) {
    logger.info(`No nats-server on this machine: unpacking the distribution's package into ${cache}, once`);
    const program = await unpackNatsServer({ environment, cacheFolder: cache, logger });
    if (program) return { kind: 'program', program };
  }
  return { kind: 'none', hint: installHint() };
}

/** The error where NATS was asked for and none can be had. */
export function noNats(hint: string): RedQueenError {
  return new RedQueenError('failed_precondition', `no nats-server on this machine; install it with \`${hint}\`, or use --bus memory`);
}
