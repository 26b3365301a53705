import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { encodeMessage, subjectOf, type MessageInput } from '@redqueen/contract';
import type { Clock } from '@redqueen/core';
import { createMemoryBus, createNatsBus, silentLogger, systemClock, type Bus } from '@redqueen/runtime';
import { gatedBus, startTestNats, type Gate } from '@redqueen/testkit';

/** A bus under test, with what a test must do behind its back. */
export interface BusUnderTest {
  readonly bus: Bus;
  /** The same, but it stores whatever it is given: what is left of a bus whose duplicate window is over. */
  readonly forgetful: Bus;
  /** Stores a message although its id is known: what a repetition after the duplicate window looks like. */
  storeAgain(message: MessageInput): Promise<void>;
  /** Stores bytes that are no message. */
  storeGarbage(run: string, to: string): Promise<void>;
  close(): Promise<void>;
}

/** A bus that the suite runs against. */
export interface BusKind {
  readonly name: 'memory' | 'nats';
  open(): Promise<BusUnderTest>;
}

/** The system's clock, some time ahead. */
class ShiftedClock implements Clock {
  aheadMs = 0;
  now(): number {
    return systemClock.now() + this.aheadMs;
  }
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(ms, signal);
  }
}

const openGate: Gate = { before: () => undefined, after: () => undefined };

function forgetfulBus(bus: Bus, publish: Bus['publish']): Bus {
  return { ...gatedBus(bus, openGate), publish };
}

const garbage = new Uint8Array([255, 255, 255, 255]);

async function openMemory(): Promise<BusUnderTest> {
  const clock = new ShiftedClock();
  const bus = await createMemoryBus({ clock, logger: silentLogger });
  const storeAgain = async (message: MessageInput) => {
    clock.aheadMs += 121_000;
    return await bus.publish(message);
  };
  return {
    bus,
    forgetful: forgetfulBus(bus, storeAgain),
    storeAgain: async (message) => void (await storeAgain(message)),
    storeGarbage: async (run, to) => {
      // The only way past the codec: the store behind the bus.
      const { storeOf } = await import('../../../packages/runtime/src/bus/memory/memory-bus.ts');
      storeOf(bus).publish(run, { id: 'garbage', to, bytes: garbage });
    },
    close: () => bus.close(),
  };
}

async function openNats(): Promise<BusUnderTest> {
  const server = await startTestNats();
  const bus = await createNatsBus({ url: server.url, name: 'conformance', clock: systemClock, logger: silentLogger });
  const connection = await connect({ servers: server.url });
  const raw = jetstream(connection);
  const storeAgain = async (message: MessageInput) => {
    // Without its id as a header the server cannot know that it is a repetition.
    const { seq, duplicate } = await raw.publish(subjectOf(message.run, message.to, message.kind), encodeMessage(message));
    return { sequence: seq, duplicate };
  };
  return {
    bus,
    forgetful: forgetfulBus(bus, storeAgain),
    storeAgain: async (message) => void (await storeAgain(message)),
    storeGarbage: async (run, to) => {
      await raw.publish(`rq.${run}.${to.replace('/', '.')}.knob`, garbage);
    },
    close: async () => {
      await connection.close();
      await bus.close();
      await server.close();
    },
  };
}

/** Both implementations of the bus. */
export const busKinds: readonly BusKind[] = [
  { name: 'memory', open: openMemory },
  { name: 'nats', open: openNats },
];
