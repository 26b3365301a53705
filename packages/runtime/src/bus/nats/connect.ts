import { connect, type NatsConnection } from '@nats-io/transport-node';
import { RedQueenError, type Clock } from '@redqueen/core';

/** How to reach NATS. */
export interface NatsConnectOptions {
  /** One address or several, comma-separated: nats://host:port. */
  readonly url: string;
  /** Shown in the server's list of connections. */
  readonly name: string;
  readonly clock: Clock;
  /** How long to try for the first connection; 10 s when left out. */
  readonly connectTimeoutMs?: number;
  /** Copies of every stream and bucket in a cluster; 1 when left out. */
  readonly replicas?: number;
}

const attemptTimeoutMs = 2000;

/** The server's answer says whether JetStream is on; a plain `nats-server` (Debian's service) runs without. */
function requireJetStream(connection: NatsConnection, url: string): void {
  if (connection.info?.jetstream) return;
  throw new RedQueenError(
    'failed_precondition',
    `NATS at ${url} runs without JetStream: start it with "nats-server -js -sd FOLDER", or set bus.url to another server`,
  );
}

/** One server of its own can keep one copy. How many servers a cluster has shows when a stream is made. */
function requireCluster(connection: NatsConnection, { url, replicas = 1 }: NatsConnectOptions): void {
  if (replicas === 1 || connection.info?.cluster) return;
  throw new RedQueenError(
    'failed_precondition',
    `bus.replicas is ${replicas}, but NATS at ${url} is no cluster: set bus.replicas to 1, or bus.url to a cluster of at least ${replicas} servers`,
  );
}

/**
 * Connects, reconnecting for ever once connected. A dead peer is noticed within 4.5 s (ping 1.5 s, two missed).
 * Throws `unavailable` where nobody answers in time and `failed_precondition` where JetStream is off or a cluster is missing; all name the fix.
 */
export async function connectNats(options: NatsConnectOptions): Promise<NatsConnection> {
  const deadline = options.clock.now() + (options.connectTimeoutMs ?? 10_000);
  for (;;) {
    try {
      const connection = await connect({
        servers: options.url.split(',').map((url) => url.trim()),
        name: options.name,
        // The default of 20 s would hang a reconnect into a black hole.
        timeout: attemptTimeoutMs,
        pingInterval: 1500,
        maxPingOut: 2,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 100,
        reconnectJitter: 100,
      });
      try {
        requireJetStream(connection, options.url);
        requireCluster(connection, options);
      } catch (reason) {
        await connection.close();
        throw reason;
      }
      return connection;
    } catch (reason) {
      if (reason instanceof RedQueenError) throw reason;
      if (options.clock.now() >= deadline) {
        const why = reason instanceof Error ? reason.message : String(reason);
        throw new RedQueenError('unavailable', `no NATS at ${options.url} (${why}): start nats-server or correct bus.url`, {
          cause: reason,
        });
      }
      await options.clock.sleep(100);
    }
  }
}
