import type { Bus, Delivery, KeyValue, Mailbox, ObjectStore } from '@redqueen/runtime';

/** What a process can do to the world through its bus, and the two ways in which it learns of it. */
export type BusEffect = 'publish' | 'acknowledge' | 'give-back' | 'working' | 'value' | 'object' | 'delivery' | 'read';

/** Decides when an effect may happen, and when the process may learn of it. A promise that never settles is a process that was killed there. */
export interface Gate {
  before(effect: BusEffect): Promise<void> | undefined;
  after(effect: BusEffect): Promise<void> | undefined;
}

const never = new Promise<never>(() => undefined);

/** A gate that a test closes: for ever (the process is killed) or for a while (it is paused). */
export class SwitchGate implements Gate {
  readonly effects: BusEffect[] = [];
  #closed: Promise<void> | undefined;
  #open: () => void = () => undefined;

  before(effect: BusEffect): Promise<void> | undefined {
    if (!this.#closed) this.effects.push(effect);
    return this.#closed;
  }

  after(): Promise<void> | undefined {
    return this.#closed;
  }

  kill(): void {
    this.#closed = never;
  }

  pause(): void {
    if (this.#closed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    [this.#closed, this.#open] = [promise, resolve];
  }

  resume(): void {
    this.#closed = undefined;
    this.#open();
  }
}

/** A process that is killed right before, or right after, the `count`-th effect that it has on the world. */
export class KillingGate implements Gate {
  readonly killed: Promise<void>;
  readonly #count: number;
  readonly #when: 'before' | 'after';
  #seen = 0;
  #dead = false;
  #report: () => void = () => undefined;

  constructor(count: number, when: 'before' | 'after') {
    this.#count = count;
    this.#when = when;
    this.killed = new Promise((resolve) => (this.#report = resolve));
  }

  before(effect: BusEffect): Promise<void> | undefined {
    if (this.#dead) return never;
    if (effect === 'delivery' || effect === 'read') return undefined;
    if (++this.#seen < this.#count || this.#when === 'after') return undefined;
    return this.#kill();
  }

  after(): Promise<void> | undefined {
    if (this.#dead) return never;
    return this.#when === 'after' && this.#seen >= this.#count ? this.#kill() : undefined;
  }

  #kill(): Promise<void> {
    this.#dead = true;
    this.#report();
    return never;
  }
}

/** Lets an effect through the gate. Where the gate is open nothing is waited for, so that calls keep their order. */
async function gated<Result>(gate: Gate, effect: BusEffect, act: () => Result | Promise<Result>): Promise<Result> {
  const before = gate.before(effect);
  if (before) await before;
  const result = await act();
  const after = gate.after(effect);
  if (after) await after;
  return result;
}

/** A bus as one process sees it, whose every effect goes through a gate. */
export function gatedBus(bus: Bus, gate: Gate): Bus {
  return {
    kind: bus.kind,
    openRun: (run) => bus.openRun(run),
    publish: (message) => gated(gate, 'publish', () => bus.publish(message)),
    mailbox: async (run, address, options) => gatedMailbox(await bus.mailbox(run, address, options), gate),
    read: (run, options) => gatedItems(bus.read(run, options), gate, 'read'),
    lastSequence: (run) => gated(gate, 'read', () => bus.lastSequence(run)),
    storage: (run) => bus.storage(run),
    keyValue: async (bucket) => gatedKeyValue(await bus.keyValue(bucket), gate),
    objects: async (bucket) => gatedObjects(await bus.objects(bucket), gate),
    healthy: () => bus.healthy(),
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function* gatedItems<Item>(items: AsyncIterable<Item>, gate: Gate, effect: BusEffect): AsyncGenerator<Item> {
  for await (const item of items) yield await gated(gate, effect, () => item);
}

function gatedMailbox(mailbox: Mailbox, gate: Gate): Mailbox {
  async function* deliveries(): AsyncGenerator<Delivery> {
    for await (const delivery of gatedItems(mailbox, gate, 'delivery')) yield gatedDelivery(delivery, gate);
  }
  return { [Symbol.asyncIterator]: deliveries, close: () => mailbox.close() };
}

function gatedDelivery(delivery: Delivery, gate: Gate): Delivery {
  return {
    ...delivery,
    acknowledge: () => gated(gate, 'acknowledge', () => delivery.acknowledge()),
    giveBack: (delayMs) => void gated(gate, 'give-back', () => delivery.giveBack(delayMs)),
    working: () => void gated(gate, 'working', () => delivery.working()),
    terminate: () => void gated(gate, 'acknowledge', () => delivery.terminate()),
  };
}

function gatedKeyValue(bucket: KeyValue, gate: Gate): KeyValue {
  return {
    get: (key) => gated(gate, 'read', () => bucket.get(key)),
    put: (key, value) => gated(gate, 'value', () => bucket.put(key, value)),
    create: (key, value) => gated(gate, 'value', () => bucket.create(key, value)),
    update: (key, value, revision) => gated(gate, 'value', () => bucket.update(key, value, revision)),
    delete: (key) => gated(gate, 'value', () => bucket.delete(key)),
    keys: () => gated(gate, 'read', () => bucket.keys()),
    watch: (signal) => gatedItems(bucket.watch(signal), gate, 'read'),
  };
}

function gatedObjects(objects: ObjectStore, gate: Gate): ObjectStore {
  return {
    put: (name, bytes) => gated(gate, 'object', () => objects.put(name, bytes)),
    get: (name) => gated(gate, 'read', () => objects.get(name)),
    size: (name) => gated(gate, 'read', () => objects.size(name)),
    delete: (name) => gated(gate, 'object', () => objects.delete(name)),
    list: () => gated(gate, 'read', () => objects.list()),
  };
}
