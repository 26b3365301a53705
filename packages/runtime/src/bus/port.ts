import type { Address, Message, MessageInput } from '@redqueen/contract';
import type { RunStorage } from './storage.ts';

/** A message with its place in its run's stream. */
export interface StoredMessage {
  readonly message: Message;
  /** The same as stored, byte for byte: what hashes are made of. */
  readonly bytes: Uint8Array;
  /** Position in the run's stream, from 1. */
  readonly sequence: number;
  /** When the bus stored it, milliseconds since the epoch; the same at every read. For people (plots, durations), never for an actor's state. */
  readonly storedAt: number;
}

/** A message taken from a mailbox: it comes again unless it is acknowledged. */
export interface Delivery {
  /** The message; undefined where the stored bytes cannot be read (`unreadable` says why). */
  readonly message: Message | undefined;
  readonly unreadable: string | undefined;
  readonly sequence: number;
  /** 1 for the first time. */
  readonly deliveries: number;
  /** Done: it will not come again. Resolves once the server has confirmed. */
  acknowledge(): Promise<void>;
  /** Give it back; it comes again after `delayMs`. */
  giveBack(delayMs: number): void;
  /** Still at work: the redelivery timer starts again. */
  working(): void;
  /** It must never come again (it was dead-lettered). */
  terminate(): void;
}

/** Settings of a mailbox. */
export interface MailboxOptions {
  /** Deliveries that may be unacknowledged at once over all replicas (A4). */
  readonly maxInFlight: number;
  /** Messages fetched ahead by this replica; `maxInFlight` when left out. */
  readonly prefetch?: number;
  /** Time until an unacknowledged message comes again. */
  readonly ackWaitMs: number;
}

/** A durable pull consumer on one actor's messages of one run, shared by the actor's replicas. Iterate to take messages. */
export interface Mailbox extends AsyncIterable<Delivery> {
  /** Stops pulling; the iteration ends after what was already delivered. */
  close(): Promise<void>;
}

/** What became of a published message. */
export interface PublishResult {
  readonly sequence: number;
  /** True when the same id had been published before: nothing was stored again. */
  readonly duplicate: boolean;
}

/** An entry of a key-value bucket. */
export interface KeyValueEntry {
  readonly key: string;
  readonly value: Uint8Array;
  /** For compare-and-set. */
  readonly revision: number;
}

/** A bucket of small values with compare-and-set. Keys: letters, digits, "_", "-", ".", "/". */
export interface KeyValue {
  get(key: string): Promise<KeyValueEntry | undefined>;
  /** Writes whatever is there. Returns the new revision. */
  put(key: string, value: Uint8Array): Promise<number>;
  /** Writes only where nothing is there. Throws RedQueenError `aborted` otherwise. */
  create(key: string, value: Uint8Array): Promise<number>;
  /** Writes only where the revision still holds. Throws RedQueenError `aborted` otherwise. */
  update(key: string, value: Uint8Array, revision: number): Promise<number>;
  delete(key: string): Promise<void>;
  keys(): Promise<string[]>;
  /** Current entries, then every change, until the signal aborts. A deleted key comes with an empty value. */
  watch(signal: AbortSignal): AsyncIterable<KeyValueEntry>;
}

/** A bucket of files of any size. */
export interface ObjectStore {
  put(name: string, bytes: Uint8Array): Promise<void>;
  /** Undefined where there is none. Throws RedQueenError `data_loss` where its digest does not fit. */
  get(name: string): Promise<Uint8Array | undefined>;
  /** In bytes; undefined where there is none. */
  size(name: string): Promise<number | undefined>;
  delete(name: string): Promise<void>;
  list(): Promise<string[]>;
}

/** What to read of a run's stream. */
export interface ReadOptions {
  /** First sequence to read; 1 for the beginning. */
  readonly from: number;
  /** Only messages to this actor. */
  readonly to?: Address;
  /** Go on with new messages after the last stored one. */
  readonly follow: boolean;
  readonly signal?: AbortSignal;
  /** Told of every message that cannot be read, before it is skipped; what this throws ends the reading. */
  readonly onUnreadable?: (sequence: number, reason: string, bytes: Uint8Array) => void;
}

/**
 * The bus: streams, mailboxes, key-value and objects. Two implementations, JetStream and memory, pass one conformance suite.
 * Every message goes through the wire codec in both. Closing it ends every iteration and makes every later call fail with `cancelled`.
 */
export interface Bus extends AsyncDisposable {
  readonly kind: 'nats' | 'memory';
  /** Creates the run's stream where it does not exist (file storage, no delete, no purge, discard new). Needed once in each process before `publish`. */
  openRun(run: string): Promise<void>;
  /** Stores a message in its run's stream, once per id within the duplicate window. Retries with the same id while the bus is away. */
  publish(message: MessageInput): Promise<PublishResult>;
  mailbox(run: string, address: Address, options: MailboxOptions): Promise<Mailbox>;
  /** Reads a run's stream in order. An unreadable message is skipped and logged. */
  read(run: string, options: ReadOptions): AsyncIterable<StoredMessage>;
  /** Sequence of the newest message of the run; 0 where there is none. Throws `data_loss` where the store is known to lack one before it. */
  lastSequence(run: string): Promise<number>;
  /** The run's stream as a thing that is archived, brought back and removed. */
  storage(run: string): RunStorage;
  keyValue(bucket: string): Promise<KeyValue>;
  objects(bucket: string): Promise<ObjectStore>;
  /** Whether the bus answers now. */
  healthy(): Promise<boolean>;
  close(): Promise<void>;
}
