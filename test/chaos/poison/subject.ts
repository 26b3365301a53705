import { connect } from '@nats-io/transport-node';
import { jetstream } from '@nats-io/jetstream';
import { createMemoryBus, createNatsBus, silentLogger, systemClock, type Bus } from '@redqueen/runtime';
import { startTestNats } from '@redqueen/testkit';
import { storeOf } from '../../../packages/runtime/src/bus/memory/memory-bus.ts';

/** A bus, and a way past its codec. */
export interface PoisonedBus extends AsyncDisposable {
  readonly bus: Bus;
  /** Puts bytes into an actor's mailbox, whatever they are; answers their sequence. */
  inject(run: string, to: string, bytes: Uint8Array): Promise<number>;
}

async function onMemory(): Promise<PoisonedBus> {
  const bus = await createMemoryBus({ clock: systemClock, logger: silentLogger });
  let injected = 0;
  return {
    bus,
    inject: async (run, to, bytes) => storeOf(bus).publish(run, { id: `injected-${++injected}`, to, bytes }).sequence,
    [Symbol.asyncDispose]: () => bus.close(),
  };
}

async function onNats(): Promise<PoisonedBus> {
  const server = await startTestNats();
  const bus = await createNatsBus({ url: server.url, name: 'poisoned', clock: systemClock, logger: silentLogger });
  const connection = await connect({ servers: server.url });
  const stream = jetstream(connection);
  return {
    bus,
    inject: async (run, to, bytes) => (await stream.publish(`rq.${run}.${to.replace('/', '.')}.task`, bytes)).seq,
    [Symbol.asyncDispose]: async () => {
      await connection.close();
      await bus.close();
      await server.close();
    },
  };
}

/** Opens a bus of that kind. */
export function poisonedBus(kind: 'memory' | 'nats'): Promise<PoisonedBus> {
  return kind === 'nats' ? onNats() : onMemory();
}
