import { createHash } from 'node:crypto';
import { addressText } from '@redqueen/contract';
import { RedQueenError, type Clock, type RunRecord } from '@redqueen/core';
import type { Bus } from '../bus/port.ts';
import { ContentStore, fileKinds, filesOf } from '../files/content-store.ts';
import { objectBuckets, valueBuckets } from '../runs/traces.ts';
import { encodeEntry, headerOf, magic, type Entry } from './format.ts';

/** A file that goes into an archive besides what is on the bus. */
export interface ArchivedDocument {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What to archive. */
export interface ArchiveOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  /** Of a run that is not under way. */
  readonly record: RunRecord;
  /** The files of the run's folder. */
  readonly documents: AsyncIterable<ArchivedDocument>;
}

/** So many bytes are handed over at once; only the last piece is shorter. */
const chunkBytes = 256 * 1024;

const nothing = new Uint8Array();

/**
 * A run as one file, in pieces: its stream as it is stored, its record, snapshots, mailbox positions, dead letters, and the adapter and optimizer files that
 * it holds. Never more than one entry is in memory. Throws `failed_precondition` for a run that is under way.
 */
export async function* archiveRun(options: ArchiveOptions): AsyncGenerator<Uint8Array> {
  const { record } = options;
  if (record.status === 'running' || record.status === 'stopping')
    throw new RedQueenError('failed_precondition', `run ${record.run} is ${record.status}: stop it first, \`redqueen stop ${record.run}\``);
  const sum = createHash('sha256').update(magic);
  let waiting: Uint8Array[] = [magic];
  let size = 0;
  let count = 0;
  const add = (entry: Entry): void => {
    const bytes = encodeEntry(entry);
    const header = headerOf(bytes);
    sum.update(header).update(bytes);
    waiting.push(header, bytes);
    size += header.length + bytes.length;
    count++;
  };
  for await (const entry of entriesOf(options)) {
    add(entry);
    if (size < chunkBytes) continue;
    const bytes = Buffer.concat(waiting);
    const whole = bytes.length - (bytes.length % chunkBytes);
    for (let at = 0; at < whole; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
    [waiting, size] = [[bytes.subarray(whole)], bytes.length - whole];
  }
  add({ head: { type: 'end', entries: count, sha256: sum.copy().digest('hex') }, body: nothing });
  yield Buffer.concat(waiting);
}

async function* entriesOf({ bus, clock, record, documents }: ArchiveOptions): AsyncGenerator<Entry> {
  const { run } = record;
  const storage = bus.storage(run);
  const { messages: lastSequence } = await storage.size();
  yield { head: { type: 'run', record, lastSequence, archivedAt: clock.now() }, body: nothing };
  for await (const { sequence, storedAt, id, to, bytes } of storage.messages())
    yield { head: { type: 'message', sequence, storedAt, id, to: addressText(to) }, body: bytes };
  for (const { address, handled } of await storage.positions())
    yield { head: { type: 'mailbox', address: addressText(address), handled }, body: nothing };
  yield* valuesOf(bus, run);
  yield* objectsOf(bus, run);
  for (const kind of fileKinds) {
    const store = new ContentStore(bus, kind, run);
    for (const hash of await filesOf(bus, kind, run)) yield { head: { type: 'file', kind, hash }, body: await store.get(hash) };
  }
  for await (const { name, bytes } of documents) yield { head: { type: 'document', name }, body: bytes };
}

async function* valuesOf(bus: Bus, run: string): AsyncGenerator<Entry> {
  for (const bucket of valueBuckets) {
    const values = await bus.keyValue(bucket);
    for (const key of await values.keys()) {
      const entry = key.startsWith(`${run}.`) ? await values.get(key) : undefined;
      if (entry) yield { head: { type: 'value', bucket, key }, body: entry.value };
    }
  }
}

async function* objectsOf(bus: Bus, run: string): AsyncGenerator<Entry> {
  for (const bucket of objectBuckets) {
    const objects = await bus.objects(bucket);
    for (const name of await objects.list()) {
      const bytes = name.startsWith(`${run}.`) ? await objects.get(name) : undefined;
      if (bytes) yield { head: { type: 'object', bucket, name }, body: bytes };
    }
  }
}
