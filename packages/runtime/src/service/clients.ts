import type { Config } from '../config/schema.ts';
import { connectRpc } from '../rpc/client.ts';
import { rpcServiceOf, type ServiceName } from '../rpc/definitions.ts';
import type { ServiceClient } from './types.ts';

/** Clients of the cluster's services: one a service, made at the first request. */
export interface Clients {
  readonly connect: <Name extends ServiceName>(service: Name) => ServiceClient<Name>;
  /** Closes all of them. */
  close(): void;
}

/** Address of a service, host:port. */
export function serviceAddress(config: Config, service: ServiceName): string {
  const { host, port } = config.services[service];
  return `${host}:${port}`;
}

/** Clients of the services where the configuration says that they are. */
export function createClients(config: Config): Clients {
  const clients = new Map<ServiceName, { close(): void }>();
  return {
    connect<Name extends ServiceName>(service: Name) {
      const client = clients.get(service) ?? connectRpc(rpcServiceOf[service], serviceAddress(config, service));
      clients.set(service, client);
      return client as ServiceClient<Name>;
    },
    close() {
      for (const client of clients.values()) client.close();
    },
  };
}
