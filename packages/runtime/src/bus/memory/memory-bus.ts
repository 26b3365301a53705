import { setImmediate } from 'node:timers/promises';
import { addressText, decodeMessage, encodeMessage, streamOf, subjectOf, type Address, type MessageInput } from '@redqueen/contract';
import { RedQueenError, type Clock } from '@redqueen/core';
import type { Logger } from '../../log/logger.ts';
import type { Bus, KeyValue, Mailbox, MailboxOptions, ObjectStore, PublishResult, ReadOptions, StoredMessage } from '../port.ts';
import type { RunStorage } from '../storage.ts';
import { lockFolder } from './folder-lock.ts';
import { Journal } from './journal.ts';
import { Store } from './store.ts';
import type { RunLog } from './run-log.ts';
import { memoryStorage } from './storage.ts';

/** Settings of the memory bus. */
export interface MemoryBusOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where to keep a journal; without one a stopped run is gone. */
  readonly folder?: string;
  /** Within which time a repeated message id is stored once; 2 min when left out. */
  readonly duplicateWindowMs?: number;
  /** Messages of a run kept in memory when there is a journal; 20 000 when left out. */
  readonly keepInMemory?: number;
  /** Told once when the journal cannot be written any more: the bus is of no use from then on, and must be opened anew. */
  readonly failed?: (error: RedQueenError) => void;
  /** Lets other work of the process run; a simulation puts its scheduler here. */
  readonly turn?: () => Promise<void>;
}

/**
 * A bus within this process; every message goes through the wire codec. With a folder it goes on from what its journal holds.
 * Throws `failed_precondition` where another process uses the folder, `data_loss` where the journal is damaged.
 */
export async function createMemoryBus(options: MemoryBusOptions): Promise<Bus> {
  const closing = new AbortController();
  const store = new Store({
    closed: closing.signal,
    clock: options.clock,
    duplicateWindowMs: options.duplicateWindowMs ?? 120_000,
    keepInMemory: options.keepInMemory ?? 20_000,
  });
  if (options.folder === undefined) return new MemoryBus({ options, store, closing, unlock: () => undefined });
  const unlock = lockFolder(options.folder);
  try {
    const journal = await Journal.open(options.folder, (record, place) => store.restore(record, place));
    store.attach(journal);
    const bus = new MemoryBus({ options, store, closing, unlock });
    void journal.failed.then((error) => bus.fail(error));
    const { cutBytes, records } = journal.recovery;
    if (cutBytes > 0)
      options.logger.warn({ folder: options.folder, cutBytes, records }, 'bus journal: an unfinished last record was cut off');
    return bus;
  } catch (reason) {
    unlock();
    throw reason;
  }
}

/** The store behind a memory bus, for tests that must put in what no codec would write. */
export function storeOf(bus: Bus): Store {
  if (!(bus instanceof MemoryBus)) throw new RedQueenError('invalid_argument', 'bus: this is no memory bus');
  return bus.store;
}

interface MemoryBusParts {
  readonly options: MemoryBusOptions;
  readonly store: Store;
  readonly closing: AbortController;
  /** Gives the folder back. */
  readonly unlock: () => void;
}

class MemoryBus implements Bus {
  readonly kind = 'memory';
  readonly store: Store;
  readonly #options: MemoryBusOptions;
  readonly #closing: AbortController;
  readonly #unlock: () => void;
  #turn: Promise<void> | undefined;
  #failed = false;

  constructor(parts: MemoryBusParts) {
    this.store = parts.store;
    this.#options = parts.options;
    this.#closing = parts.closing;
    this.#unlock = parts.unlock;
  }

  /** From now on it is not healthy; whoever asked is told. */
  fail(error: RedQueenError): void {
    this.#failed = true;
    this.#options.logger.error({ err: error }, error.message);
    this.#options.failed?.(error);
  }

  async openRun(run: string): Promise<void> {
    streamOf(run);
    this.store.openRun(run);
    await this.#confirmed();
  }

  /** Stored at once; confirmed after the journal's write and a turn of the event loop, so that a busy loop of actors starves nobody. */
  async publish(message: MessageInput): Promise<PublishResult> {
    // The subject is built for its checks alone: both buses refuse the same addresses.
    subjectOf(message.run, message.to, message.kind);
    const result = this.store.publish(message.run, { id: message.id, to: addressText(message.to), bytes: encodeMessage(message) });
    await this.#confirmed();
    return result;
  }

  async mailbox(run: string, address: Address, options: MailboxOptions): Promise<Mailbox> {
    return this.store.mailbox(run, addressText(address), options);
  }

  async *read(run: string, options: ReadOptions): AsyncGenerator<StoredMessage> {
    const log = this.store.log(run);
    const stop = options.signal ? AbortSignal.any([options.signal, this.#closing.signal]) : this.#closing.signal;
    const end = options.follow ? Number.POSITIVE_INFINITY : log.last;
    const to = options.to && addressText(options.to);
    for (let sequence = Math.max(1, options.from); sequence <= end && !stop.aborted; ) {
      if (sequence > log.last) {
        await log.changed.wait(stop);
        continue;
      }
      const wanted = to === undefined || log.receiverOf(sequence) === to;
      // Whoever acts on a message may note so elsewhere: it must not be lost after that.
      if (wanted && !log.holds(sequence)) await this.store.written();
      const stored = wanted ? this.#decode(run, log, sequence, options) : undefined;
      if (stored) yield stored;
      if (sequence % 64 === 0) await this.#nextTurn();
      sequence++;
    }
  }

  async lastSequence(run: string): Promise<number> {
    return this.store.log(run).last;
  }

  storage(run: string): RunStorage {
    return memoryStorage(this.store, run, () => this.#nextTurn());
  }

  keyValue(bucket: string): Promise<KeyValue> {
    return Promise.resolve(this.store.keyValue(bucket));
  }

  objects(bucket: string): Promise<ObjectStore> {
    return Promise.resolve(this.store.objects(bucket));
  }

  healthy(): Promise<boolean> {
    return Promise.resolve(!this.#closing.signal.aborted && !this.#failed);
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    try {
      await this.store.close();
    } finally {
      this.#unlock();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #decode(run: string, log: RunLog, sequence: number, options: ReadOptions): StoredMessage | undefined {
    const entry = log.get(sequence);
    if (!entry) return undefined;
    try {
      return { message: decodeMessage(entry.bytes), bytes: entry.bytes, sequence, storedAt: entry.storedAt };
    } catch (reason) {
      this.#options.logger.warn({ run, sequence, err: reason }, 'unreadable message skipped');
      options.onUnreadable?.(sequence, reason instanceof Error ? reason.message : String(reason), entry.bytes);
      return undefined;
    }
  }

  async #confirmed(): Promise<void> {
    await this.store.written();
    await this.#nextTurn();
  }

  /** One turn of the event loop, shared by everybody who waits for one. */
  #nextTurn(): Promise<void> {
    this.#turn ??= (this.#options.turn?.() ?? setImmediate()).finally(() => (this.#turn = undefined));
    return this.#turn;
  }
}
