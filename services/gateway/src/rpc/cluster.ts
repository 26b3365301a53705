import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { healthProbe, projectFolder, serviceNames, type Handlers, type HealthProbe, type ServiceName } from '@redqueen/runtime';
import type { Gateway } from '../gateway.ts';

const probeTimeoutMs = 1000;

/** Version of Red Queen, from its package.json. */
function productVersion(): string {
  const { version } = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8')) as { version: string };
  return version;
}

/** What this cluster is and how its services are. */
export class ClusterStatus {
  readonly #gateway: Gateway;
  readonly #probes: ReadonlyMap<ServiceName, { readonly address: string; readonly probe: HealthProbe }>;
  readonly #version = productVersion();

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
    const { services } = gateway.context.config;
    this.#probes = new Map(
      serviceNames.map((name) => {
        const address = `${services[name].host}:${services[name].port}`;
        return [name, { address, probe: healthProbe(address) }];
      }),
    );
  }

  /** Answers the Cluster RPC. */
  readonly handler: Handlers<'GatewayService'>['Cluster'] = async () => {
    const { context, costs, pageAddress } = this.#gateway;
    const services = [...this.#probes].map(async ([service, { address, probe }]) => ({
      service,
      address,
      status: await probe.check(probeTimeoutMs),
    }));
    const device = await costs.device();
    return {
      services: await Promise.all(services),
      bus: context.bus.kind,
      version: this.#version,
      page: pageAddress,
      dataFolder: context.config.dataDir,
      device: device ?? null,
    };
  };

  /** Closes the probes. */
  close(): void {
    for (const { probe } of this.#probes.values()) probe.close();
  }
}
