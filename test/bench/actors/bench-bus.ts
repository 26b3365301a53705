import { createNatsBus, silentLogger, startActor, systemClock, systemIds, type Actor, type ActorHost, type Bus } from '@redqueen/runtime';
import { startTestNats, type TestNats } from '@redqueen/testkit';

/** A nats-server of a bench's own, and a bus on it. */
export interface BenchBus extends AsyncDisposable {
  readonly nats: TestNats;
  readonly bus: Bus;
  /** Another bus on the same server, as another process would have. */
  connect(): Promise<Bus>;
  /** Starts an actor in a run, on this bus or another one. */
  start(run: string, actor: Actor, bus?: Bus): Promise<ActorHost>;
}

/** Starts the server and connects to it. Everything ends with the disposal. */
export async function openBenchBus(): Promise<BenchBus> {
  const nats = await startTestNats();
  const opened: Bus[] = [];
  const connect = async (): Promise<Bus> => {
    const bus = await createNatsBus({ url: nats.url, name: 'bench', clock: systemClock, logger: silentLogger });
    opened.push(bus);
    return bus;
  };
  const bus = await connect();
  const hosts: ActorHost[] = [];
  return {
    nats,
    bus,
    connect,
    start: async (run, actor, own = bus) => {
      const host = await startActor(actor, { bus: own, run, runSeed: 1, clock: systemClock, ids: systemIds, logger: silentLogger });
      hosts.push(host);
      return host;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(hosts.map((host) => host.close()));
      await Promise.all(opened.map((one) => one.close()));
      await nats.close();
    },
  };
}

/** Resolves once something holds; looked at every few milliseconds, which costs next to nothing beside what is measured. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await systemClock.sleep(4);
}
