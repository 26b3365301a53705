import { RedQueenError } from '@redqueen/core';
import { configSchema, serviceNames, type Config } from '@redqueen/runtime';
import { createServer, type AddressInfo, type Server } from 'node:net';

/** Holds a port until all are chosen, so that none is chosen twice. Undefined where it is in use. */
function hold(host: string, port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ host, port, exclusive: true }, () => resolve(server));
  });
}

async function choose(host: string, wanted: number, setting: string, isDefault: boolean): Promise<Server> {
  const held = await hold(host, wanted);
  if (held) return held;
  // Somebody who named a port will look for it there, and nowhere else.
  if (!isDefault)
    throw new RedQueenError(
      'failed_precondition',
      `port ${wanted} on ${host} is in use; set ${setting} to another port (0 = any free one)`,
    );
  const free = await hold(host, 0);
  if (!free) throw new RedQueenError('failed_precondition', `no port can be opened on ${host}; check listenHost and gateway.pageHost`);
  return free;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/**
 * The configuration with a free port for every service and the page, and services reached on this machine.
 * Default ports are taken where they are free and `avoidDefaults` is not set; others are taken as they are.
 * Throws `failed_precondition` where one of those is in use.
 */
export async function withFreePorts(config: Config, avoidDefaults: boolean): Promise<Config> {
  const defaults = configSchema.parse({});
  const host = ['0.0.0.0', '::'].includes(config.listenHost) ? '127.0.0.1' : config.listenHost;
  const held: Server[] = [];
  try {
    const services = { ...config.services };
    for (const name of serviceNames) {
      const { port } = config.services[name];
      const isDefault = port === defaults.services[name].port;
      const server = await choose(config.listenHost, isDefault && avoidDefaults ? 0 : port, `services.${name}.port`, isDefault);
      held.push(server);
      services[name] = { host, port: portOf(server) };
    }
    const { pageHost, pagePort } = config.gateway;
    const isDefault = pagePort === defaults.gateway.pagePort;
    const page = await choose(pageHost, isDefault && avoidDefaults ? 0 : pagePort, 'gateway.pagePort', isDefault);
    held.push(page);
    return { ...config, services, gateway: { pageHost, pagePort: portOf(page) } };
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

/** Whether a launch failed because another program took a port between our choice and its use. */
export function isPortTaken(error: unknown): boolean {
  return /:\d+ is in use/.test(RedQueenError.from(error).message);
}

/** Where a browser on this machine finds the page. */
export function pageAddress({ gateway }: Config): string {
  const host = ['0.0.0.0', '::'].includes(gateway.pageHost) ? '127.0.0.1' : gateway.pageHost;
  return `http://${host}:${gateway.pagePort}/`;
}
