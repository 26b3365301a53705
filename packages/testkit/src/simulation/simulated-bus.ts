import type { Bus, KeyValue, ObjectStore } from '@redqueen/runtime';
import type { Observer, Pipeline } from './effects.ts';
import type { Link } from './link.ts';
import { SimulatedMailbox } from './simulated-mailbox.ts';
import { readOn, readStored } from './simulated-reader.ts';

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
    storage: (run) => bus.storage(run),
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
    size: (name) => link.request(`look at ${bucket}`, () => objects.size(name)),
    delete: (name) => link.request(`remove ${bucket}`, () => objects.delete(name)),
    list: () => link.request(`list ${bucket}`, () => objects.list()),
  };
}
