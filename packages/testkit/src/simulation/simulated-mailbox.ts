import { addressText, type Address } from '@redqueen/contract';
import type { Bus, Delivery, Mailbox, MailboxOptions } from '@redqueen/runtime';
import { Channel } from './channel.ts';
import type { Observer, Pipeline } from './effects.ts';
import type { Link } from './link.ts';

/** Time after which a pull that a cut connection ended is made again. */
const restartAfterMs = 250;

/** What a simulated mailbox needs. */
export interface SimulatedMailboxParts {
  readonly bus: Bus;
  readonly link: Link;
  readonly pipeline: Pipeline;
  readonly observer: Observer;
  readonly run: string;
  readonly address: Address;
  readonly options: MailboxOptions;
}

/** An actor's mailbox as a process sees it over its link: what is delivered to a process that is gone or cut off comes again later. */
export class SimulatedMailbox implements Mailbox {
  readonly #parts: SimulatedMailboxParts;
  readonly #closing = new AbortController();

  constructor(parts: SimulatedMailboxParts) {
    this.#parts = parts;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Delivery> {
    const { link } = this.#parts;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      yield* this.#pull();
      if (!signal.aborted) await link.process.clock.sleep(restartAfterMs, signal).catch(() => undefined);
    }
  }

  /** Deliveries until the connection is lost or the mailbox is closed. */
  async *#pull(): AsyncGenerator<Delivery> {
    const { link, address, options } = this.#parts;
    const { signal } = this.#closing;
    const arrived = new Channel<Delivery>();
    const stop = new AbortController();
    const end = (): void => {
      stop.abort();
      arrived.end();
    };
    const forget = link.listen(end);
    signal.addEventListener('abort', end, { once: true });
    link.process.onKilled(() => stop.abort());
    const room = { free: options.prefetch ?? options.maxInFlight, wake: () => undefined as void };
    link.toBus(`pull ${addressText(address)}`, () => void this.#carry(arrived, stop.signal, room));
    try {
      for await (const delivery of arrived) {
        room.free++;
        room.wake();
        yield delivery;
      }
    } finally {
      forget();
      signal.removeEventListener('abort', end);
      end();
    }
  }

  /** The server's side of a pull. */
  async #carry(arrived: Channel<Delivery>, stop: AbortSignal, room: { free: number; wake: () => void }): Promise<void> {
    const { bus, link, observer, run, address, options } = this.#parts;
    const mailbox = await bus.mailbox(run, address, options);
    const close = (): void => {
      room.wake();
      void mailbox.close();
    };
    stop.addEventListener('abort', close, { once: true });
    for await (const delivery of mailbox) {
      const { sequence } = delivery;
      observer({ kind: 'delivered', process: link.process.name, address, sequence });
      while (room.free <= 0 && !stop.aborted) await new Promise<void>((resolve) => (room.wake = resolve));
      if (stop.aborted) return;
      room.free--;
      link.toProcess(`${addressText(address)} #${sequence}`, () => arrived.push(this.#delivery(delivery)));
    }
  }

  #delivery(delivery: Delivery): Delivery {
    const { link, pipeline, observer, address } = this.#parts;
    const { message, unreadable, sequence, deliveries } = delivery;
    const process = link.process.name;
    const note = (kind: 'acknowledged' | 'terminated'): void => observer({ kind, process, address, sequence });
    return {
      message,
      unreadable,
      sequence,
      deliveries,
      acknowledge: () => pipeline.acknowledge(sequence, () => (note('acknowledged'), delivery.acknowledge())),
      giveBack: (delayMs) => link.toBus('give-back', () => delivery.giveBack(delayMs)),
      working: () => link.toBus('working', () => delivery.working()),
      terminate: () => link.toBus('terminate', () => (note('terminated'), delivery.terminate())),
    };
  }

  close(): Promise<void> {
    this.#closing.abort();
    return Promise.resolve();
  }
}
