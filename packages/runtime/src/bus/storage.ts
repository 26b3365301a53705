import type { Address } from '@redqueen/contract';

/** A message as the bus stores it, whether it can be read or not. */
export interface StoredBytes {
  /** Position in the run's stream, from 1. */
  readonly sequence: number;
  /** Milliseconds since the epoch. */
  readonly storedAt: number;
  /** The id under which it was published; empty where it came without one. */
  readonly id: string;
  readonly to: Address;
  readonly bytes: Uint8Array;
}

/** How far a pool actor's mailbox has come. */
export interface MailboxPosition {
  readonly address: Address;
  /** Every message to it up to this sequence is acknowledged; 0 for none. */
  readonly handled: number;
}

/** How much a run's stream holds. */
export interface StreamSize {
  readonly messages: number;
  readonly bytes: number;
}

/**
 * A run's stream as a thing that is kept: to be archived, brought back and removed. Not for actors: to them nothing is ever deleted.
 * Every method but `exists` and `delete` throws `not_found` where the run has no stream.
 */
export interface RunStorage {
  exists(): Promise<boolean>;
  size(): Promise<StreamSize>;
  /** Every message in order, up to the newest one now. */
  messages(): AsyncIterable<StoredBytes>;
  positions(): Promise<MailboxPosition[]>;
  /** Fills an empty stream, each message under its own sequence and time. Throws `data_loss` where one is missing in between. */
  restore(messages: AsyncIterable<StoredBytes>): Promise<void>;
  /** Makes a mailbox that begins after that position. It must not have been opened. */
  restorePosition(position: MailboxPosition): Promise<void>;
  /** Removes the stream with its mailboxes; without one nothing happens. */
  delete(): Promise<void>;
}
