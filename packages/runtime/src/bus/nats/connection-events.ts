import type { NatsConnection } from '@nats-io/transport-node';

/** What can happen to the connection. */
export type ConnectionEvent = 'lost' | 'restored';

/** One reader of the connection's status for everybody who must know: each status iterator would keep its events until they are read. */
export class ConnectionEvents {
  readonly #listeners = new Set<(event: ConnectionEvent) => void>();

  constructor(connection: NatsConnection) {
    void this.#follow(connection);
  }

  /** Calls back on every event until the returned function is called. */
  listen(listener: (event: ConnectionEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #follow(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') this.#tell('lost');
      if (status.type === 'reconnect') this.#tell('restored');
    }
  }

  #tell(event: ConnectionEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
