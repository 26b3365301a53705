import type { Address, MessageInput } from '@redqueen/contract';
import type { Bus, KeyValue, ObjectStore, PublishResult } from '@redqueen/runtime';
import type { Link } from './link.ts';
import { SimulatedMailbox } from './simulated-mailbox.ts';
import { readOn, readStored } from './simulated-reader.ts';

/** Something that had its effect on the bus, as nobody in the cluster can see it. */
export type Effect =
  | { readonly kind: 'published'; readonly process: string; readonly id: string; readonly result: PublishResult }
  | {
      readonly kind: 'delivered' | 'acknowledged' | 'terminated';
      readonly process: string;
      readonly address: Address;
      readonly sequence: number;
    }
  | { readonly kind: 'stored'; readonly process: string; readonly bucket: string; readonly key: string; readonly value: Uint8Array };

/** Told of every effect, at the moment at which it has happened on the bus. */
export type Observer = (effect: Effect) => void;

/** How a process gets what must not be lost to the bus: in order, and again until it is confirmed. */
export interface Pipeline {
  publish(message: MessageInput): Promise<PublishResult>;
  /** `act` acknowledges at the bus; doing it again changes nothing. */
  acknowledge(sequence: number, act: () => Promise<void>): Promise<void>;
}

/** What a process's bus is made of. */
export interface SimulatedBusParts {
  /** The bus that all processes share. */
  readonly bus: Bus;
  readonly link: Link;
  readonly pipeline: Pipeline;
  readonly observer: Observer;
}

/** The bus as one process of a simulated cluster sees it: every call travels over its link. */
export function simulatedBus(parts: SimulatedBusParts): Bus {
  const { bus, link, pipeline } = parts;
  return {
    kind: 'nats',
    openRun: (run) => link.request('open run', () => bus.openRun(run)),
    publish: (message) => pipeline.publish(message),
    mailbox: async (run, address, options) => {
      await link.request('open mailbox', () => bus.healthy());
      return new SimulatedMailbox({ ...parts, run, address, options });
    },
    read: (run, options) => (options.follow ? readOn : readStored)(bus, link, run, options),
    lastSequence: (run) => link.request('last sequence', () => bus.lastSequence(run)),
    keyValue: async (bucket) => simulatedValues(await bus.keyValue(bucket), bucket, parts),
    objects: async (bucket) => simulatedObjects(await bus.objects(bucket), bucket, link),
    healthy: () => link.request('health', () => bus.healthy()).catch(() => false),
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function simulatedValues(values: KeyValue, bucket: string, { link, observer }: SimulatedBusParts): KeyValue {
  const write = (key: string, value: Uint8Array, act: () => Promise<number>): Promise<number> =>
    link.request(`write ${bucket} ${key}`, async () => {
      const revision = await act();
      observer({ kind: 'stored', process: link.process.name, bucket, key, value });
      return revision;
    });
  return {
    get: (key) => link.request(`get ${bucket}`, () => values.get(key)),
    put: (key, value) => write(key, value, () => values.put(key, value)),
    create: (key, value) => write(key, value, () => values.create(key, value)),
    update: (key, value, revision) => write(key, value, () => values.update(key, value, revision)),
    delete: (key) => link.request(`delete ${bucket}`, () => values.delete(key)),
    keys: () => link.request(`keys ${bucket}`, () => values.keys()),
    watch: (signal) => values.watch(signal),
  };
}

function simulatedObjects(objects: ObjectStore, bucket: string, link: Link): ObjectStore {
  return {
    put: (name, bytes) => link.request(`put ${bucket}`, () => objects.put(name, bytes)),
    get: (name) => link.request(`fetch ${bucket}`, () => objects.get(name)),
    delete: (name) => link.request(`remove ${bucket}`, () => objects.delete(name)),
    list: () => link.request(`list ${bucket}`, () => objects.list()),
  };
}
