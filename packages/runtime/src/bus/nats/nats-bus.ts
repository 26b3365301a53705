import { jetstream, jetstreamManager, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Address, MessageInput } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';
import type { Logger } from '../../log/logger.ts';
import type { Bus, KeyValue, Mailbox, MailboxOptions, ObjectStore, PublishResult, ReadOptions, StoredMessage } from '../port.ts';
import type { RunStorage } from '../storage.ts';
import { connectNats, type NatsConnectOptions } from './connect.ts';
import { ConnectionEvents } from './connection-events.ts';
import { errorOf } from './errors.ts';
import { openKeyValue } from './key-value.ts';
import { openMailbox } from './mailbox.ts';
import { openObjects } from './objects.ts';
import { Outbox } from './outbox.ts';
import { publishMessage } from './publisher.ts';
import { lastSequenceOf, readRun } from './reader.ts';
import { natsStorage } from './storage.ts';
import { ensureStream, type StreamParts, type StreamSettings } from './streams.ts';

/** Settings of the JetStream bus. */
export interface NatsBusOptions extends NatsConnectOptions {
  readonly logger: Logger;
  /** Within which time a repeated message id is stored once; 2 min when left out. */
  readonly duplicateWindowMs?: number;
  /** How long a publication waits for NATS to come back; 60 s when left out. Must be shorter than the duplicate window. */
  readonly publishTimeoutMs?: number;
}

const apiTimeoutMs = 2000;

/** Connects to NATS and offers it as a bus. Throws as {@link connectNats} does. */
export async function createNatsBus(options: NatsBusOptions): Promise<Bus> {
  const duplicateWindowMs = options.duplicateWindowMs ?? 120_000;
  const publishTimeoutMs = options.publishTimeoutMs ?? 60_000;
  if (publishTimeoutMs >= duplicateWindowMs) {
    throw new RedQueenError(
      'invalid_argument',
      'publishTimeoutMs must be less than duplicateWindowMs: a later repetition would be stored twice',
    );
  }
  const connection = await connectNats(options);
  const manager = await jetstreamManager(connection, { timeout: apiTimeoutMs, checkAPI: false });
  const events = new ConnectionEvents(connection);
  const outbox = new Outbox(connection, events, {
    clock: options.clock,
    window: 256,
    maxWaiting: 16_384,
    resendAfterMs: 2000,
  });
  return new NatsBus({
    connection,
    events,
    manager,
    outbox,
    options,
    publishTimeoutMs,
    settings: { replicas: options.replicas ?? 1, duplicateWindowMs },
  });
}

interface NatsBusParts {
  readonly connection: NatsConnection;
  readonly events: ConnectionEvents;
  readonly manager: JetStreamManager;
  readonly outbox: Outbox;
  readonly options: NatsBusOptions;
  readonly publishTimeoutMs: number;
  readonly settings: StreamSettings;
}

class NatsBus implements Bus {
  readonly kind = 'nats';
  readonly #parts: NatsBusParts;
  readonly #stream: JetStreamClient;
  readonly #opened = new Set<string>();
  readonly #buckets = new Map<string, Promise<KeyValue>>();
  readonly #stores = new Map<string, Promise<ObjectStore>>();

  constructor(parts: NatsBusParts) {
    this.#parts = parts;
    this.#stream = jetstream(parts.connection, { timeout: apiTimeoutMs });
  }

  get #streams(): StreamParts {
    return { manager: this.#parts.manager, clock: this.#parts.options.clock };
  }

  async openRun(run: string): Promise<void> {
    if (this.#opened.has(run)) return;
    await ensureStream(this.#streams, run, this.#parts.settings);
    this.#opened.add(run);
  }

  publish(message: MessageInput): Promise<PublishResult> {
    // To NATS a run without a stream looks like a server that is away, and would be waited for.
    if (!this.#opened.has(message.run)) {
      return Promise.reject(new RedQueenError('not_found', `run ${message.run} has no stream: open the run first`));
    }
    return publishMessage(this.#parts.outbox, message, this.#parts.publishTimeoutMs);
  }

  mailbox(run: string, address: Address, options: MailboxOptions): Promise<Mailbox> {
    const { manager, outbox } = this.#parts;
    const { clock, logger } = this.#parts.options;
    return openMailbox({ stream: this.#stream, manager, outbox, clock, logger }, run, address, options);
  }

  read(run: string, options: ReadOptions): AsyncIterable<StoredMessage> {
    const { manager, events } = this.#parts;
    const { clock, logger } = this.#parts.options;
    return readRun({ stream: this.#stream, manager, events, clock, logger }, run, options);
  }

  lastSequence(run: string): Promise<number> {
    return lastSequenceOf(this.#streams, run);
  }

  storage(run: string): RunStorage {
    const { manager, events } = this.#parts;
    const { clock, logger } = this.#parts.options;
    const open = () => this.openRun(run);
    const deleted = () => void this.#opened.delete(run);
    return natsStorage({ stream: this.#stream, manager, events, clock, logger, open, deleted }, run);
  }

  keyValue(bucket: string): Promise<KeyValue> {
    return cached(this.#buckets, bucket, () => {
      const { connection, events, outbox, settings } = this.#parts;
      return openKeyValue({ ...this.#streams, connection, events, outbox, replicas: settings.replicas }, bucket);
    });
  }

  objects(bucket: string): Promise<ObjectStore> {
    const { connection, settings } = this.#parts;
    return cached(this.#stores, bucket, () => openObjects({ ...this.#streams, connection, replicas: settings.replicas }, bucket));
  }

  async healthy(): Promise<boolean> {
    if (this.#parts.connection.isClosed()) return false;
    // One JetStream request answers for the connection, the server and JetStream together.
    return await this.#parts.connection.request('$JS.API.INFO', undefined, { timeout: 1000 }).then(
      // A cluster without a majority answers with an error.
      (answer) => errorOf(answer.json()) === undefined,
      () => false,
    );
  }

  async close(): Promise<void> {
    this.#parts.outbox.close();
    await this.#parts.connection.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Opens a thing once; a failed attempt is forgotten, so that the next one tries again. */
function cached<Thing>(known: Map<string, Promise<Thing>>, name: string, open: () => Promise<Thing>): Promise<Thing> {
  const existing = known.get(name);
  if (existing) return existing;
  const opened = open();
  known.set(name, opened);
  opened.catch(() => known.delete(name));
  return opened;
}
