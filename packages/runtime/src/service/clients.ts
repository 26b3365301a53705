import type { Config } from '../config/schema.ts';
import { connectRpc, type Client } from '../rpc/client.ts';
import { rpcServiceOf, type ServiceName } from '../rpc/definitions.ts';
import type { ServiceClient } from './types.ts';

/** Clients of the cluster's services: one a service, made at the first request. */
export interface Clients {
  readonly connect: <Name extends ServiceName>(service: Name) => ServiceClient<Name>;
  /** A client of the plug-in side of a service. */
  readonly plugins: (service: ServiceName) => Client<'PluginService'>;
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
  const plugins = new Map<ServiceName, Client<'PluginService'>>();
  return {
    connect<Name extends ServiceName>(service: Name) {
      const client = clients.get(service) ?? connectRpc(rpcServiceOf[service], serviceAddress(config, service));
      clients.set(service, client);
      return client as ServiceClient<Name>;
    },
    plugins(service) {
      const client = plugins.get(service) ?? connectRpc('PluginService', serviceAddress(config, service));
      plugins.set(service, client);
      return client;
    },
    close() {
      for (const client of [...clients.values(), ...plugins.values()]) client.close();
    },
  };
}
