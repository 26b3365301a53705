import { addressText } from '@redqueen/contract';
import type { Bus, ReadOptions, StoredMessage } from '@redqueen/runtime';
import { Channel } from './channel.ts';
import type { Link } from './link.ts';

const restartAfterMs = 250;
/** Messages sent ahead of the reader. */
const prefetch = 64;

/** A message, or one that could not be read. */
type Arrival = { readonly stored: StoredMessage } | { readonly sequence: number; readonly reason: string; readonly bytes: Uint8Array };

/** Reads what is stored now, in one answer. */
export async function* readStored(bus: Bus, link: Link, run: string, options: ReadOptions): AsyncGenerator<StoredMessage> {
  const arrivals = await link.request(`read ${options.from}`, async () => {
    const found: Arrival[] = [];
    const onUnreadable = (sequence: number, reason: string, bytes: Uint8Array): void => void found.push({ sequence, reason, bytes });
    const { signal: _signal, ...rest } = options;
    for await (const stored of bus.read(run, { ...rest, onUnreadable })) found.push({ stored });
    return found;
  });
  for (const arrival of arrivals) {
    if (options.signal?.aborted) return;
    if ('stored' in arrival) yield arrival.stored;
    else options.onUnreadable?.(arrival.sequence, arrival.reason, arrival.bytes);
  }
}

/** Reads on and on; a connection that was lost makes it start again from where it was. */
export async function* readOn(bus: Bus, link: Link, run: string, options: ReadOptions): AsyncGenerator<StoredMessage> {
  let next = options.from;
  while (!options.signal?.aborted) {
    for await (const arrival of arrivalsFrom(bus, link, run, { ...options, from: next })) {
      if ('stored' in arrival) {
        next = arrival.stored.sequence + 1;
        yield arrival.stored;
      } else {
        next = arrival.sequence + 1;
        options.onUnreadable?.(arrival.sequence, arrival.reason, arrival.bytes);
      }
    }
    if (!options.signal?.aborted) await link.process.clock.sleep(restartAfterMs, options.signal).catch(() => undefined);
  }
}

async function* arrivalsFrom(bus: Bus, link: Link, run: string, options: ReadOptions): AsyncGenerator<Arrival> {
  const arrived = new Channel<Arrival>();
  const stop = new AbortController();
  const end = (): void => {
    stop.abort();
    arrived.end();
  };
  const room = { free: prefetch, wake: () => undefined as void };
  const forget = link.listen(end);
  options.signal?.addEventListener('abort', end, { once: true });
  link.process.onKilled(() => stop.abort());
  link.toBus(`read on ${options.from}`, () => void carry({ bus, link, run, options, arrived, room, stop: stop.signal }));
  try {
    for await (const arrival of arrived) {
      room.free++;
      room.wake();
      yield arrival;
    }
  } finally {
    forget();
    options.signal?.removeEventListener('abort', end);
    end();
  }
}

interface Carriage {
  readonly bus: Bus;
  readonly link: Link;
  readonly run: string;
  readonly options: ReadOptions;
  readonly arrived: Channel<Arrival>;
  readonly room: { free: number; wake: () => void };
  readonly stop: AbortSignal;
}

/** The server's side of a reader. */
async function carry({ bus, link, run, options, arrived, room, stop }: Carriage): Promise<void> {
  const reader = options.to ? addressText(options.to) : 'run';
  const send = (sequence: number, arrival: Arrival): void => {
    room.free--;
    link.toProcess(`${reader} #${sequence}`, () => arrived.push(arrival));
  };
  stop.addEventListener('abort', () => room.wake(), { once: true });
  const onUnreadable = (sequence: number, reason: string, bytes: Uint8Array): void => send(sequence, { sequence, reason, bytes });
  for await (const stored of bus.read(run, { ...options, signal: stop, onUnreadable })) {
    if (stop.aborted) return;
    send(stored.sequence, { stored });
    while (room.free <= 0 && !stop.aborted) await new Promise<void>((resolve) => (room.wake = resolve));
  }
}
