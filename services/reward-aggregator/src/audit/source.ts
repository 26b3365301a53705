import { decodeMessage, type Message } from '@redqueen/contract';
import type { AnyPlugin, RunRecord } from '@redqueen/core';
import type { LedgerHead } from '@redqueen/runtime';

/** One message of a ledger, as it is stored. */
export interface LedgerEntry {
  /** From 1, without gaps. */
  readonly sequence: number;
  readonly bytes: Uint8Array;
  /** The same decoded, where somebody has done so already. */
  readonly message?: Message | undefined;
}

/** A ledger to look at: of a bus, of an archive, of anything that has its messages in order. */
export interface LedgerSource {
  readonly record: RunRecord;
  /** The plug-ins of the recipe's packages. */
  readonly plugins?: readonly AnyPlugin[];
  /** Messages that the aggregator could not handle and skips. */
  readonly skipped?: ReadonlySet<number>;
  /** What the second place says; undefined where there is none. */
  readonly head?: LedgerHead | undefined;
  /** The newest message that the store had confirmed to anybody; 0 where nobody knows. */
  readonly marked?: number;
  /** All messages, from the first. Asked for once for every look; throws where the store cannot be read. */
  entries(): AsyncIterable<LedgerEntry>;
}

/** The message of an entry; undefined where the bytes are none. */
export function messageIn({ bytes, message }: LedgerEntry): Message | undefined {
  if (message) return message;
  try {
    return decodeMessage(bytes);
  } catch {
    return undefined;
  }
}

/** The entries that are messages. */
export async function* decodedEntries(source: LedgerSource): AsyncGenerator<{ readonly sequence: number; readonly message: Message }> {
  for await (const entry of source.entries()) {
    const message = messageIn(entry);
    if (message) yield { sequence: entry.sequence, message };
  }
}
