import { Kvm, type KV, type KvEntry } from '@nats-io/kv';
import { StorageType, type JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { RedQueenError, type Clock } from '@redqueen/core';
import type { KeyValue, KeyValueEntry } from '../port.ts';
import { BucketWriter, type BucketWrite } from './bucket-writer.ts';
import type { ConnectionEvents } from './connection-events.ts';
import { isConflict, natsError, natsRepeated } from './errors.ts';
import type { Outbox } from './outbox.ts';
import { ensureReplicas } from './streams.ts';

const retryAfterMs = 250;
/**
 * Values kept of a key, the most that NATS allows: a server that was started again knows the ids of those writes alone that are still there, and would
 * store the repetition of an older one a second time.
 */
const history = 64;

/** What a bucket needs of the bus. */
export interface KeyValueParts {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly events: ConnectionEvents;
  readonly outbox: Outbox;
  readonly replicas: number;
  readonly clock: Clock;
}

/** Opens a bucket, creating it where it does not exist. */
export async function openKeyValue(parts: KeyValueParts, bucket: string): Promise<KeyValue> {
  const { connection, replicas } = parts;
  const kv = await natsRepeated(parts.clock, `open bucket ${bucket}`, () =>
    // Read from the leader alone: any copy may answer a direct get, and one that is behind would show what was true before a write.
    new Kvm(connection).create(bucket, { history, replicas, storage: StorageType.File, allow_direct: false }),
  );
  await ensureReplicas(parts, `KV_${bucket}`, replicas);
  return new NatsKeyValue(parts, kv, bucket);
}

function isDeleted(entry: KvEntry): boolean {
  return entry.operation !== 'PUT';
}

class NatsKeyValue implements KeyValue {
  readonly #parts: KeyValueParts;
  readonly #kv: KV;
  readonly #writer: BucketWriter;
  readonly #bucket: string;

  constructor(parts: KeyValueParts, kv: KV, bucket: string) {
    this.#parts = parts;
    this.#kv = kv;
    this.#writer = new BucketWriter(parts.outbox, parts.manager, bucket);
    this.#bucket = bucket;
  }

  async get(key: string): Promise<KeyValueEntry | undefined> {
    const entry = await this.#last(key);
    if (!entry || isDeleted(entry)) return undefined;
    return { key, value: entry.value, revision: entry.revision };
  }

  put(key: string, value: Uint8Array): Promise<number> {
    return this.#overwrite(key, { value });
  }

  async create(key: string, value: Uint8Array): Promise<number> {
    const entry = await this.#last(key);
    if (entry && !isDeleted(entry)) throw new RedQueenError('aborted', `${this.#what('create', key)}: it exists`);
    return entry ? await this.#writer.write(key, { value }, entry.revision) : await this.#first(key, { value });
  }

  async update(key: string, value: Uint8Array, revision: number): Promise<number> {
    return await this.#writer.write(key, { value }, revision);
  }

  async delete(key: string): Promise<void> {
    await this.#overwrite(key, 'deleted');
  }

  /** The newest write of a key, a deletion included. */
  #last(key: string): Promise<KvEntry | null> {
    return natsRepeated(this.#parts.clock, this.#what('read', key), () => this.#kv.get(key));
  }

  /** Writes a key without a newest write: one that never had any, or one whose newest the store has lost although earlier ones can be read. */
  async #first(key: string, write: BucketWrite): Promise<number> {
    const readable = await this.#writer.newestReadable(key);
    if (readable === 0) return await this.#writer.write(key, write, 0);
    // Written in between, rather than lost.
    if (await this.#last(key)) throw new RedQueenError('aborted', `${this.#what('write', key)}: somebody else wrote it first`);
    return await this.#writer.writeOverLost(key, write, readable);
  }

  /** Writes after whatever is there: every write follows exactly one other. */
  async #overwrite(key: string, write: BucketWrite): Promise<number> {
    for (;;) {
      const entry = await this.#last(key);
      try {
        return entry ? await this.#writer.write(key, write, entry.revision) : await this.#first(key, write);
      } catch (reason) {
        if (!isConflict(reason)) throw reason;
      }
    }
  }

  async keys(): Promise<string[]> {
    return await natsRepeated(this.#parts.clock, this.#what('list', '*'), async () => {
      const found: string[] = [];
      for await (const key of await this.#kv.keys()) found.push(key);
      return found.toSorted();
    });
  }

  /** A watch lives in the server's memory: after a reconnect it is made anew, and what was already told is left out. */
  async *watch(signal: AbortSignal): AsyncGenerator<KeyValueEntry> {
    let seen = 0;
    while (!signal.aborted) {
      try {
        for await (const entry of this.#entries(signal)) {
          if (entry.revision <= seen) continue;
          seen = entry.revision;
          yield { key: entry.key, value: isDeleted(entry) ? new Uint8Array() : entry.value, revision: entry.revision };
        }
      } catch (reason) {
        const failure = natsError(reason, this.#what('watch', '*'));
        if (failure.code === 'cancelled') return;
        if (!failure.retryable) throw failure;
      }
      if (!signal.aborted) await this.#parts.clock.sleep(retryAfterMs, signal).catch(() => undefined);
    }
  }

  /** Entries until the signal aborts or the connection comes back after a loss. */
  async *#entries(signal: AbortSignal): AsyncGenerator<KvEntry> {
    const entries = await this.#kv.watch();
    const stop = () => entries.stop();
    signal.addEventListener('abort', stop, { once: true });
    const forget = this.#parts.events.listen((event) => event === 'restored' && stop());
    try {
      if (!signal.aborted) yield* entries;
    } finally {
      stop();
      forget();
      signal.removeEventListener('abort', stop);
    }
  }

  #what(action: string, key: string): string {
    return `${action} ${key} in bucket ${this.#bucket}`;
  }
}
