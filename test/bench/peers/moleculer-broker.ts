import { peerPackage } from './system.ts';

/** What we use of a moleculer broker. */
export interface Broker {
  createService(schema: {
    readonly name: string;
    readonly actions: Readonly<Record<string, (context: { params: unknown }) => unknown>>;
  }): void;
  start(): Promise<void>;
  stop(): Promise<void>;
  waitForServices(name: string): Promise<unknown>;
  call(action: string, params: unknown): Promise<unknown>;
}

interface Moleculer {
  readonly default: { readonly ServiceBroker: new (options: object) => Broker };
}

/** A broker on that NATS server, with its defaults but quiet. */
export async function openBroker(url: string, nodeID: string): Promise<Broker> {
  const { ServiceBroker } = (await peerPackage<Moleculer>('moleculer')).default;
  return new ServiceBroker({ nodeID, transporter: url, logger: false });
}
