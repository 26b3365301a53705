import { RedQueenError, type Clock } from '@redqueen/core';
import type { Mailbox, MailboxOptions, PublishResult } from '../port.ts';
import type { Journal, JournalPlace } from './journal.ts';
import { MemoryKeyValue } from './key-value.ts';
import { SharedMailbox } from './mailbox.ts';
import { MemoryObjects } from './objects.ts';
import type { JournalRecord } from './records.ts';
import { RunLog, type LogEntry, type MessageArchive } from './run-log.ts';
import { addressOf, addressText } from '@redqueen/contract';
import type { MailboxPosition, StoredBytes } from '../storage.ts';

/** Settings of the store. */
export interface StoreOptions {
  readonly clock: Clock;
  readonly duplicateWindowMs: number;
  readonly keepInMemory: number;
  /** Aborts when the bus is closed. */
  readonly closed: AbortSignal;
}

interface RunState {
  readonly log: RunLog;
  readonly mailboxes: Map<string, SharedMailbox>;
  /** By mailbox: what was acknowledged before this process. */
  readonly acknowledged: Map<string, Set<number>>;
  /** Newest sequence when the journal was opened. */
  earlier: number;
}

/** All that a memory bus holds, and its journal. Reading the journal back gives the same store. */
export class Store {
  readonly #options: StoreOptions;
  readonly #runs = new Map<string, RunState>();
  readonly #buckets = new Map<string, MemoryKeyValue>();
  readonly #stores = new Map<string, MemoryObjects>();
  #journal: Journal | undefined;

  constructor(options: StoreOptions) {
    this.#options = options;
  }

  /** Applies a record of the journal. */
  restore(record: JournalRecord, place: JournalPlace): void {
    switch (record.type) {
      case 'run':
        this.#createRun(record.run);
        return;
      case 'deleted':
        this.#runs.delete(record.run);
        return;
      case 'message': {
        const state = this.#state(record.run);
        state.earlier = state.log.append(record, place).sequence;
        return;
      }
      case 'acknowledged':
        acknowledgedOf(this.#state(record.run), record.mailbox).add(record.sequence);
        return;
      case 'value':
        this.keyValue(record.bucket).restore(record.key, record.revision, record.value);
        return;
      case 'object':
        this.objects(record.bucket).restore(record.name, record.bytes);
    }
  }

  /** From now on every change is written down. */
  attach(journal: Journal): void {
    this.#journal = journal;
  }

  openRun(run: string): void {
    this.#requireOpen();
    if (this.#runs.has(run)) return;
    this.#createRun(run);
    this.#journal?.append({ type: 'run', run });
  }

  has(run: string): boolean {
    this.#requireOpen();
    return this.#runs.has(run);
  }

  /** Removes the run's stream and its mailboxes; the journal keeps the bytes, but gives them back no more. */
  async deleteRun(run: string): Promise<void> {
    if (this.#runs.delete(run)) await this.#record({ type: 'deleted', run });
  }

  /** Stores a message of another bus under its own sequence and time. Throws `data_loss` where that is not the next one. */
  restoreMessage(run: string, { sequence, storedAt, id, to, bytes }: StoredBytes): void {
    const { log } = this.#state(run);
    if (sequence !== log.last + 1)
      throw new RedQueenError('data_loss', `restore run ${run}: message ${sequence} cannot follow message ${log.last}`);
    const entry = { id, to: addressText(to), storedAt, bytes };
    log.append(entry, this.#journal?.append({ type: 'message', run, ...entry }));
  }

  /** How far the run's mailboxes have come. */
  positions(run: string): MailboxPosition[] {
    const { log, mailboxes, acknowledged } = this.#state(run);
    const names = new Set([...mailboxes.keys(), ...acknowledged.keys()]);
    return [...names].map((name) => {
      const handled = mailboxes.get(name)?.handled ?? handledOf(log, name, acknowledged.get(name) ?? new Set());
      return { address: addressOf(name), handled };
    });
  }

  /** Acknowledges every message to that address up to the position. */
  async restorePosition(run: string, { address, handled }: MailboxPosition): Promise<void> {
    const state = this.#state(run);
    const mailbox = addressText(address);
    const acknowledged = acknowledgedOf(state, mailbox);
    for (let sequence = 1; sequence <= Math.min(handled, state.log.last); sequence++) {
      if (state.log.receiverOf(sequence) !== mailbox) continue;
      acknowledged.add(sequence);
      this.#journal?.append({ type: 'acknowledged', run, mailbox, sequence });
    }
    await this.written();
  }

  log(run: string): RunLog {
    return this.#state(run).log;
  }

  publish(run: string, message: Omit<LogEntry, 'storedAt'>): PublishResult {
    const { log } = this.#state(run);
    const existing = log.duplicateOf(message.id);
    if (existing !== undefined) return { sequence: existing, duplicate: true };
    const entry = { ...message, storedAt: this.#options.clock.now() };
    return log.append(entry, this.#journal?.append({ type: 'message', run, ...entry }));
  }

  mailbox(run: string, address: string, options: MailboxOptions): Mailbox {
    const state = this.#state(run);
    let shared = state.mailboxes.get(address);
    if (!shared) {
      const store = (sequence: number): Promise<void> => this.#record({ type: 'acknowledged', run, mailbox: address, sequence });
      const acknowledged = acknowledgedOf(state, address);
      shared = new SharedMailbox(
        { clock: this.#options.clock, log: state.log, address, acknowledged, earlier: state.earlier, store },
        options,
        this.#options.closed,
      );
      state.mailboxes.set(address, shared);
    }
    return shared.open(options);
  }

  keyValue(bucket: string): MemoryKeyValue {
    let opened = this.#buckets.get(bucket);
    if (!opened) {
      opened = new MemoryKeyValue(
        bucket,
        (key, revision, value) => this.#record({ type: 'value', bucket, key, revision, value }),
        this.#options.closed,
      );
      this.#buckets.set(bucket, opened);
    }
    return opened;
  }

  objects(bucket: string): MemoryObjects {
    let opened = this.#stores.get(bucket);
    if (!opened) {
      opened = new MemoryObjects((name, bytes) => this.#record({ type: 'object', bucket, name, bytes }));
      this.#stores.set(bucket, opened);
    }
    return opened;
  }

  /** Resolves once everything so far is in the journal. */
  async written(): Promise<void> {
    await this.#journal?.written();
  }

  async close(): Promise<void> {
    await this.#journal?.close();
  }

  async #record(record: JournalRecord): Promise<void> {
    this.#requireOpen();
    this.#journal?.append(record);
    await this.written();
  }

  #requireOpen(): void {
    if (this.#options.closed.aborted) throw new RedQueenError('cancelled', 'bus: it was closed');
  }

  #state(run: string): RunState {
    this.#requireOpen();
    const state = this.#runs.get(run);
    if (!state) throw new RedQueenError('not_found', `run ${run} has no stream: open the run first`);
    return state;
  }

  #createRun(run: string): void {
    if (this.#runs.has(run)) return;
    const archive: MessageArchive = {
      // While the journal is replayed there is none yet, and everything comes from it.
      holds: (place) => this.#journal?.holds(place) ?? true,
      read: (place) => messageBytes(this.#journal?.read(place)),
    };
    const log = new RunLog({ ...this.#options, archive });
    this.#runs.set(run, { log, mailboxes: new Map(), acknowledged: new Map(), earlier: 0 });
  }
}

function messageBytes(record: JournalRecord | undefined): Uint8Array {
  if (record?.type !== 'message') throw new RedQueenError('data_loss', 'bus journal: a message could not be read back');
  return record.bytes;
}

function handledOf(log: RunLog, mailbox: string, acknowledged: ReadonlySet<number>): number {
  let handled = 0;
  while (handled < log.last && (log.receiverOf(handled + 1) !== mailbox || acknowledged.has(handled + 1))) handled++;
  return handled;
}

function acknowledgedOf(state: RunState, mailbox: string): Set<number> {
  let acknowledged = state.acknowledged.get(mailbox);
  if (!acknowledged) {
    acknowledged = new Set();
    state.acknowledged.set(mailbox, acknowledged);
  }
  return acknowledged;
}
