import { addressOf } from '@redqueen/contract';
import { knobMessage, knobValue } from '@redqueen/testkit';
import type { Bus, Delivery } from '@redqueen/runtime';
import { setTimeout as pause } from 'node:timers/promises';
import { CounterTraffic } from './counters.ts';
import { ObjectTraffic } from './objects.ts';

/** A message whose storing was confirmed. */
export interface Confirmed {
  readonly id: string;
  readonly sequence: number;
}

/** What the traffic runs on. */
export interface TrafficOptions {
  readonly run: string;
  /** For those who write. */
  readonly writers: Bus;
  /** For those who read: another connection, as another service has it. */
  readonly readers: Bus;
  readonly senders?: number;
  /** Between two messages of a sender, milliseconds. */
  readonly paceMs?: number;
  /** Bytes of an object. */
  readonly objectBytes?: number;
}

const executor = addressOf('executor/0');
/** Publications of one sender on their way at once. */
const window = 32;

/** Everything that services do on a bus, all at once, with a record of what was confirmed. */
export class Traffic {
  readonly confirmed: Confirmed[] = [];
  /** Publications that failed, by the error's code and message: what became of them is not known. */
  readonly failed = new Map<string, number>();
  /** When publications were confirmed, milliseconds. */
  readonly confirmedAt: number[] = [];
  /** Ids taken from the mailbox and acknowledged, with how often they came. */
  readonly delivered = new Map<string, number>();
  /** Sequences that a reader of the whole run saw, in its order. */
  readonly followed: number[] = [];
  readonly counters: CounterTraffic;
  readonly objects: ObjectTraffic;
  readonly #options: TrafficOptions;
  readonly #stop = new AbortController();
  readonly #end = new AbortController();
  #writing: Promise<unknown> = Promise.resolve();
  #reading: Promise<unknown> = Promise.resolve();

  private constructor(options: TrafficOptions, counters: CounterTraffic, objects: ObjectTraffic) {
    this.#options = options;
    this.counters = counters;
    this.objects = objects;
  }

  /** Opens the run and the buckets and begins. */
  static async start(options: TrafficOptions): Promise<Traffic> {
    const { run, writers, readers } = options;
    await Promise.all([writers.openRun(run), readers.openRun(run)]);
    const counters = await CounterTraffic.open(writers, readers, `counters-${run}`);
    const objects = await ObjectTraffic.open(writers, readers, `objects-${run}`, options.objectBytes ?? 200_000);
    const traffic = new Traffic(options, counters, objects);
    await traffic.#begin();
    return traffic;
  }

  async #begin(): Promise<void> {
    const { run, readers, senders = 4 } = this.#options;
    const mailboxes = await Promise.all([0, 1].map(() => readers.mailbox(run, executor, { maxInFlight: 128, ackWaitMs: 3000 })));
    this.#end.signal.addEventListener('abort', () => mailboxes.forEach((mailbox) => void mailbox.close()));
    this.#reading = Promise.all([...mailboxes.map((mailbox) => this.#take(mailbox)), this.#follow()]);
    const { signal } = this.#stop;
    const sending = Array.from({ length: senders }, (_, sender) => this.#send(sender));
    this.#writing = Promise.all([...sending, this.counters.work(signal), this.objects.work(signal)]);
  }

  /** Ends the writers and waits for what is on its way. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#writing;
  }

  /** Waits until the readers have seen everything stored, then ends them. False where they did not within the time. */
  async readersCaughtUp(timeoutMs: number): Promise<boolean> {
    const { readers, run } = this.#options;
    const until = Date.now() + timeoutMs;
    let caughtUp = false;
    while (!caughtUp && Date.now() < until) {
      const last = await readers.lastSequence(run).catch(() => Number.POSITIVE_INFINITY);
      caughtUp = this.delivered.size >= last && (this.followed.at(-1) ?? 0) >= last;
      if (!caughtUp) await pause(100);
    }
    this.#end.abort();
    await this.#reading;
    return caughtUp;
  }

  async #send(sender: number): Promise<void> {
    const { run, writers, paceMs = 10 } = this.#options;
    const open = new Set<Promise<void>>();
    for (let value = 0; !this.#stop.signal.aborted; value++) {
      const id = `s${sender}-${value}`;
      const message = knobMessage({ run, id, from: `proposer/${sender}`, to: 'executor/0', value, name: 'x'.repeat(300) });
      const outcome = writers
        .publish(message)
        .then(({ sequence }) => {
          this.confirmed.push({ id, sequence });
          this.confirmedAt.push(Date.now());
        })
        .catch((reason: Error) => void this.failed.set(reason.message, (this.failed.get(reason.message) ?? 0) + 1))
        .finally(() => open.delete(outcome));
      open.add(outcome);
      if (open.size >= window) await Promise.race(open);
      await pause(paceMs);
    }
    await Promise.all(open);
  }

  async #take(mailbox: AsyncIterable<Delivery>): Promise<void> {
    for await (const delivery of mailbox) {
      const { message } = delivery;
      if (message) this.delivered.set(message.id, (this.delivered.get(message.id) ?? 0) + 1);
      // Should it get lost the message comes again, as it may.
      delivery.acknowledge().catch(() => undefined);
    }
  }

  async #follow(): Promise<void> {
    const { readers, run } = this.#options;
    const { signal } = this.#end;
    for (let from = 1; !signal.aborted; from = (this.followed.at(-1) ?? 0) + 1) {
      try {
        for await (const { sequence, message } of readers.read(run, { from, follow: true, signal })) {
          knobValue(message);
          this.followed.push(sequence);
        }
      } catch {
        await pause(250);
      }
    }
  }
}
