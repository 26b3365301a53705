import type { Config } from '@redqueen/runtime';

/** What to launch. */
export interface LaunchOptions {
  readonly config: Config;
  /** Tells the person something in one line: which bus, a service that was started again. */
  readonly say: (line: string) => void;
}

/** A local cluster: eight services, as processes over a nats-server or all in this process over the memory bus. */
export interface Cluster {
  readonly kind: 'nats' | 'memory';
  /** Address of the gateway, host:port. */
  readonly gateway: string;
  /** Address of the live page. */
  readonly page: string;
  /** Process ids by service, nats-server included where it was started here; empty for one process. */
  readonly processes: () => Readonly<Record<string, number>>;
  /** Resolves when a service cannot be kept up, with the reason; never otherwise. */
  readonly failed: Promise<Error>;
  /** Stops everything in order: front door first, then who makes work, then who does it, the bus last. Safe to call again. */
  stop(): Promise<void>;
}
