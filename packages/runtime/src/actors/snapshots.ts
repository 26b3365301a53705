import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gunzipSync, gzip, gzipSync } from 'node:zlib';
import type { Address } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';
import type { Bus, KeyValue, KeyValueEntry, ObjectStore } from '../bus/port.ts';
import { streamStart } from '../ledger/stream-chain.ts';
import type { Logger } from '../log/logger.ts';

// S1. A snapshot's sequence is the last message folded in, and everything told up to there is confirmed before it is written.
// S2. Every write is a compare-and-set on the one before it. An activation begins by writing its epoch: who wrote before it is fenced.
// S3. A state too large for a value lies in the object store; the value that names it is written after it, the old object removed last.
// S4. A value that is not what was written, to the last bit, is no snapshot: it is named in the log, and the state is folded anew from the stream.

/** Bucket of the snapshots. */
export const snapshotBucket = 'rq-snapshots';
/** Bucket of the large ones. */
export const snapshotObjectBucket = 'rq-snapshot-objects';

const gzipInThread = promisify(gzip);
const gunzipInThread = promisify(gunzip);
/** Bytes up to which the work, about a millisecond, is done here: the way to another thread and back would hold up a snapshot for longer. */
const smallBytes = 64 * 1024;
const digestBytes = 32;
/** Epoch, sequence, kind, last message, stream. */
const factBytes = 13 + 2 * digestBytes;
const headerBytes = factBytes + digestBytes;
/** The bucket keeps the last 64 values of a key. */
const largestInline = 32 * 1024;

async function compress(bytes: Uint8Array): Promise<Uint8Array> {
  return bytes.length <= smallBytes ? gzipSync(bytes, { level: 1 }) : await gzipInThread(bytes, { level: 1 });
}

async function expand(bytes: Uint8Array): Promise<Uint8Array> {
  return bytes.length <= smallBytes ? gunzipSync(bytes) : await gunzipInThread(bytes);
}

/** A state and how far it goes. */
export interface Snapshot {
  /** Sequence of the last message folded in. */
  readonly sequence: number;
  /** SHA-256 of that message as stored, hexadecimal. */
  readonly last: string;
  /** Digest of the stream up to there, of an actor that reads the whole run; zeros otherwise. */
  readonly stream: string;
  /** The encoded state; undefined for the initial one. */
  readonly bytes: Uint8Array | undefined;
}

/** The snapshot before the first message. */
export const initialSnapshot: Snapshot = { sequence: 0, last: streamStart.digest, stream: streamStart.digest, bytes: undefined };

/** Whose snapshots, and in which epoch. */
export interface SnapshotOwner {
  readonly run: string;
  readonly address: Address;
  readonly epoch: number;
  readonly logger: Logger;
}

/** `digest` is that of the object's content. */
type Payload =
  | { readonly kind: 'none' }
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }
  | { readonly kind: 'object'; readonly name: string; readonly digest: string };

interface Stored extends Omit<Snapshot, 'bytes'> {
  readonly epoch: number;
  readonly payload: Payload;
}

const kinds = ['none', 'inline', 'object'] as const;
const nothing: Stored = { ...initialSnapshot, epoch: 0, payload: { kind: 'none' } };

function sha256(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

function payloadBytes(payload: Payload): Uint8Array {
  if (payload.kind === 'inline') return payload.bytes;
  return Buffer.from(payload.kind === 'object' ? payload.digest + payload.name : '');
}

/** Facts, the SHA-256 of facts and payload, payload. */
function encode(stored: Stored): Uint8Array {
  const { epoch, sequence, last, stream, payload } = stored;
  const facts = Buffer.alloc(13);
  facts.writeUInt32LE(epoch, 0);
  facts.writeDoubleLE(sequence, 4);
  facts.writeUInt8(kinds.indexOf(payload.kind), 12);
  const summed = [facts, Buffer.from(last, 'hex'), Buffer.from(stream, 'hex')];
  const bytes = payloadBytes(payload);
  return Buffer.concat([...summed, hash('sha256', Buffer.concat([...summed, bytes]), 'buffer'), bytes]);
}

/** Undefined where the value is none that {@link encode} wrote. */
function decode(value: Uint8Array): Stored | undefined {
  const bytes = Buffer.from(value);
  const rest = bytes.subarray(headerBytes);
  const sum = bytes.subarray(factBytes, headerBytes);
  if (bytes.length < headerBytes || !sum.equals(hash('sha256', Buffer.concat([bytes.subarray(0, factBytes), rest]), 'buffer')))
    return undefined;
  const hex = (from: number): string => bytes.toString('hex', from, from + digestBytes);
  const facts = { epoch: bytes.readUInt32LE(0), sequence: bytes.readDoubleLE(4), last: hex(13), stream: hex(13 + digestBytes) };
  switch (kinds[bytes.readUInt8(12)]) {
    case 'inline':
      return { ...facts, payload: { kind: 'inline', bytes: rest } };
    case 'object':
      return { ...facts, payload: { kind: 'object', digest: rest.toString('utf8', 0, 64), name: rest.toString('utf8', 64) } };
    default:
      return { ...facts, payload: { kind: 'none' } };
  }
}

/** The snapshots of one actor, as one activation sees them. */
export class Snapshots {
  readonly #bucket: KeyValue;
  readonly #objects: ObjectStore;
  readonly #key: string;
  readonly #epoch: number;
  readonly #logger: Logger;
  #revision = 0;
  #payload: Payload = { kind: 'none' };

  private constructor(bucket: KeyValue, objects: ObjectStore, { run, address, epoch, logger }: SnapshotOwner) {
    this.#bucket = bucket;
    this.#objects = objects;
    this.#key = `${run}.${address.role}.${address.key}`;
    this.#epoch = epoch;
    this.#logger = logger;
  }

  static async open(bus: Bus, owner: SnapshotOwner): Promise<Snapshots> {
    const [bucket, objects] = await Promise.all([bus.keyValue(snapshotBucket), bus.objects(snapshotObjectBucket)]);
    return new Snapshots(bucket, objects, owner);
  }

  /** Reads the newest snapshot, the initial one where it is damaged, and fences whoever wrote it (S2). Throws `aborted` where a later epoch was here. */
  async begin(): Promise<Snapshot> {
    for (;;) {
      const { entry, stored } = await this.#newest();
      if (stored.epoch > this.#epoch)
        throw new RedQueenError('aborted', `snapshot ${this.#key}: epoch ${this.#epoch} is fenced by epoch ${stored.epoch}`);
      if (await this.#claim(entry, stored)) return (await this.#read(stored)) ?? initialSnapshot;
    }
  }

  /** The newest snapshot as {@link begin} gives it, for somebody who only looks: nobody is fenced. */
  async look(): Promise<Snapshot> {
    const { stored } = await this.#newest();
    return (await this.#read(stored)) ?? initialSnapshot;
  }

  async #newest(): Promise<{ entry: KeyValueEntry | undefined; stored: Stored }> {
    const entry = await this.#bucket.get(this.#key);
    return { entry, stored: entry ? (decode(entry.value) ?? this.#damaged('its value is not what was written')) : nothing };
  }

  /** Writes a snapshot. Throws `aborted` where a later activation has begun. */
  async save(snapshot: Snapshot & { readonly bytes: Uint8Array }): Promise<void> {
    const old = this.#payload;
    const { sequence, last, stream } = snapshot;
    const payload = await this.#store(sequence, await compress(snapshot.bytes));
    const value = encode({ epoch: this.#epoch, sequence, last, stream, payload });
    this.#revision = await this.#bucket.update(this.#key, value, this.#revision);
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
    return { kind: 'object', name, digest: sha256(bytes) };
  }

  async #read({ payload, ...facts }: Stored): Promise<Snapshot | undefined> {
    if (payload.kind === 'none') return { ...facts, bytes: undefined };
    const bytes = payload.kind === 'inline' ? payload.bytes : await this.#object(payload);
    return bytes && { ...facts, bytes: await expand(bytes) };
  }

  async #object({ name, digest }: Payload & { readonly kind: 'object' }): Promise<Uint8Array | undefined> {
    try {
      const bytes = await this.#objects.get(name);
      if (bytes && sha256(bytes) === digest) return bytes;
      this.#damaged(bytes ? `object ${name} is not what was written` : `object ${name} is missing`);
    } catch (reason) {
      if (!(reason instanceof RedQueenError) || reason.code !== 'data_loss') throw reason;
      this.#damaged(reason.message);
    }
    return undefined;
  }

  #damaged(what: string): Stored {
    this.#logger.error(
      { snapshot: this.#key, what },
      `snapshot ${this.#key} is damaged (${what}): the state is folded anew from the stream`,
    );
    return nothing;
  }
}
