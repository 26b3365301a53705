import { addressOf, type MessageInput } from '@redqueen/contract';
import { createMemoryBus, silentLogger, startActor, systemClock, systemIds, type StatefulActor } from '@redqueen/runtime';
import { drive, type PreparedSide } from './drive.ts';
import { taskFor } from './pool-loop.ts';

const run = 'local';

/** An actor that counts what it is told, and says when each message came. */
function counting(came: (id: string) => void): StatefulActor<number> {
  return {
    type: 'stateful',
    address: addressOf('executor/sink'),
    reads: 'mailbox',
    initial: () => 0,
    encode: (count) => Buffer.from(String(count)),
    decode: (bytes) => Number(Buffer.from(bytes).toString()),
    receive: (count, message) => {
      came(message.id);
      return { state: count + 1, tells: [] };
    },
  };
}

/** Tells within one process: through the wire codec and the memory bus into an actor's mailbox, done once the actor has handled the message. With a folder a journal is kept. */
export async function openLocalTells(folder?: string): Promise<{ readonly tells: PreparedSide } & AsyncDisposable> {
  const bus = await createMemoryBus({ clock: systemClock, logger: silentLogger, ...(folder !== undefined && { folder }) });
  const waiting = new Map<string, () => void>();
  const came = (id: string): void => {
    waiting.get(id)?.();
    waiting.delete(id);
  };
  const options = { bus, run, runSeed: 1, clock: systemClock, ids: systemIds, logger: silentLogger };
  const host = await startActor(counting(came), options);
  let told = 0;
  return {
    tells(count) {
      const messages: MessageInput[] = Array.from({ length: count }, () => taskFor(run, 'sink', `t${told++}`));
      return (window) =>
        drive(messages, window, async (message) => {
          const handled = new Promise<void>((resolve) => waiting.set(message.id, resolve));
          await Promise.all([bus.publish(message), handled]);
        });
    },
    async [Symbol.asyncDispose]() {
      await host.close();
      await bus.close();
    },
  };
}
