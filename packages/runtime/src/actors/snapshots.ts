import { promisify } from 'node:util';
import { gunzip, gunzipSync, gzip, gzipSync } from 'node:zlib';
import type { Address } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';
import type { Bus, KeyValue, KeyValueEntry, ObjectStore } from '../bus/port.ts';

// S1. A snapshot's sequence is the last message folded in, and everything told up to there is confirmed before it is written.
// S2. Every write is a compare-and-set on the one before it. An activation begins by writing its epoch: who wrote before it is fenced.
// S3. A state too large for a value lies in the object store; the value that names it is written after it, the old object removed last.

/** Bucket of the snapshots. */
const snapshotBucket = 'rq-snapshots';
/** Bucket of the large ones. */
const snapshotObjectBucket = 'rq-snapshot-objects';

const gzipInThread = promisify(gzip);
const gunzipInThread = promisify(gunzip);
/** Bytes up to which the way to another thread and back takes longer than the work. */
const smallBytes = 16 * 1024;
const headerBytes = 13;
/** NATS takes values up to 1 MB by default. */
const largestInline = 512 * 1024;

async function compress(bytes: Uint8Array): Promise<Uint8Array> {
  return bytes.length <= smallBytes ? gzipSync(bytes, { level: 1 }) : await gzipInThread(bytes, { level: 1 });
}

async function expand(bytes: Uint8Array): Promise<Uint8Array> {
  return bytes.length <= smallBytes ? gunzipSync(bytes) : await gunzipInThread(bytes);
}

/** A state and how far it goes. */
export interface Snapshot {
  readonly epoch: number;
  /** Sequence of the last message folded in. */
  readonly sequence: number;
  /** The encoded state; undefined for the initial one. */
  readonly bytes: Uint8Array | undefined;
}

type Payload =
  | { readonly kind: 'none' }
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }
  | { readonly kind: 'object'; readonly name: string };

interface Stored {
  readonly epoch: number;
  readonly sequence: number;
  readonly payload: Payload;
}

const kinds = ['none', 'inline', 'object'] as const;

function encode(stored: Stored): Uint8Array {
  const { payload } = stored;
  const bytes = payload.kind === 'inline' ? payload.bytes : Buffer.from(payload.kind === 'object' ? payload.name : '');
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(stored.epoch, 0);
  header.writeDoubleLE(stored.sequence, 4);
  header.writeUInt8(kinds.indexOf(payload.kind), 12);
  return Buffer.concat([header, bytes]);
}

function decode(value: Uint8Array): Stored {
  const bytes = Buffer.from(value);
  const rest = bytes.subarray(headerBytes);
  const kind = kinds[bytes.readUInt8(12)] ?? 'none';
  const payload: Payload =
    kind === 'object' ? { kind, name: rest.toString() } : kind === 'inline' ? { kind, bytes: rest } : { kind: 'none' };
  return { epoch: bytes.readUInt32LE(0), sequence: bytes.readDoubleLE(4), payload };
}

/** The snapshots of one actor, as one activation sees them. */
export class Snapshots {
  readonly #bucket: KeyValue;
  readonly #objects: ObjectStore;
  readonly #key: string;
  readonly #epoch: number;
  #revision = 0;
  #payload: Payload = { kind: 'none' };

  private constructor(bucket: KeyValue, objects: ObjectStore, key: string, epoch: number) {
    this.#bucket = bucket;
    this.#objects = objects;
    this.#key = key;
    this.#epoch = epoch;
  }

  static async open(bus: Bus, run: string, address: Address, epoch: number): Promise<Snapshots> {
    const [bucket, objects] = await Promise.all([bus.keyValue(snapshotBucket), bus.objects(snapshotObjectBucket)]);
    return new Snapshots(bucket, objects, `${run}.${address.role}.${address.key}`, epoch);
  }

  /** Reads the newest snapshot and fences whoever wrote it (S2). Throws `aborted` where a later epoch was here. */
  async begin(): Promise<Snapshot> {
    for (;;) {
      const entry = await this.#bucket.get(this.#key);
      const stored: Stored = entry ? decode(entry.value) : { epoch: 0, sequence: 0, payload: { kind: 'none' } };
      if (stored.epoch > this.#epoch)
        throw new RedQueenError('aborted', `snapshot ${this.#key}: epoch ${this.#epoch} is fenced by epoch ${stored.epoch}`);
      if (await this.#claim(entry, stored)) return { ...stored, bytes: await this.#read(stored.payload) };
    }
  }

  /** Writes a snapshot. Throws `aborted` where a later activation has begun. */
  async save(sequence: number, bytes: Uint8Array): Promise<void> {
    const old = this.#payload;
    const payload = await this.#store(sequence, await compress(bytes));
    this.#revision = await this.#bucket.update(this.#key, encode({ epoch: this.#epoch, sequence, payload }), this.#revision);
    this.#payload = payload;
    if (old.kind === 'object') await this.#objects.delete(old.name).catch(() => undefined);
  }

  async #claim(entry: KeyValueEntry | undefined, stored: Stored): Promise<boolean> {
    const value = encode({ ...stored, epoch: this.#epoch });
    try {
      this.#revision = entry ? await this.#bucket.update(this.#key, value, entry.revision) : await this.#bucket.create(this.#key, value);
      this.#payload = stored.payload;
      return true;
    } catch (reason) {
      if (reason instanceof RedQueenError && reason.code === 'aborted') return false;
      throw reason;
    }
  }

  async #store(sequence: number, bytes: Uint8Array): Promise<Payload> {
    if (bytes.length <= largestInline) return { kind: 'inline', bytes };
    const name = `${this.#key}.${this.#epoch}.${sequence}`;
    await this.#objects.put(name, bytes);
    return { kind: 'object', name };
  }

  async #read(payload: Payload): Promise<Uint8Array | undefined> {
    if (payload.kind === 'none') return undefined;
    const bytes = payload.kind === 'inline' ? payload.bytes : await this.#objects.get(payload.name);
    if (!bytes)
      throw new RedQueenError(
        'data_loss',
        `snapshot ${this.#key}: its object is missing; delete the snapshot to rebuild the state from the stream`,
      );
    return await expand(bytes);
  }
}
