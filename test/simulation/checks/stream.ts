import { addressText, decodeMessage, type Message } from '@redqueen/contract';
import { storeOf } from '../../../packages/runtime/src/bus/memory/memory-bus.ts';
import type { Scene } from '../schedule.ts';

/** A message with its place. */
export interface Placed {
  readonly sequence: number;
  readonly message: Message;
}

/** A run's stream as it lies in the bus at the end. */
export interface Stream {
  readonly last: number;
  /** Every message that can be read, in order. */
  readonly all: readonly Placed[];
  /** The same without later copies of an id: what receivers must have gone by. */
  readonly firsts: readonly Placed[];
}

/** Reads the whole stream behind everybody's back. */
export function readStream({ bus, record }: Scene): Stream {
  const log = storeOf(bus).log(record.run);
  const all: Placed[] = [];
  for (let sequence = 1; sequence <= log.last; sequence++) {
    try {
      all.push({ sequence, message: decodeMessage(log.get(sequence)?.bytes ?? new Uint8Array()) });
    } catch {
      // Poison: the check of the dead letters looks for it.
    }
  }
  const seen = new Set<string>();
  const firsts = all.filter(({ message }) => !seen.has(message.id) && seen.add(message.id));
  return { last: log.last, all, firsts };
}

/** First messages of a kind that a sender told. */
export function toldBy<K extends Message['kind']>(stream: Stream, sender: string, kind: K): (Message & { kind: K })[] {
  const found = stream.firsts.filter(({ message }) => message.kind === kind && addressText(message.from) === sender);
  return found.map(({ message }) => message as Message & { kind: K });
}
