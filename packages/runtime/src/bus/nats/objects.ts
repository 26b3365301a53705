import { StorageType, type JetStreamManager } from '@nats-io/jetstream';
import { Objm, type ObjectStore as NatsObjects } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { RedQueenError, type Clock } from '@redqueen/core';
import type { ObjectStore } from '../port.ts';
import { natsRepeated } from './errors.ts';
import { ensureReplicas } from './streams.ts';

/** What a bucket of files needs of the bus. */
export interface ObjectParts {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly replicas: number;
  readonly clock: Clock;
}

/** Opens a bucket of files, creating it where it does not exist. Chunks and digests (SHA-256) are the client's. */
export async function openObjects(parts: ObjectParts, bucket: string): Promise<ObjectStore> {
  const { connection, replicas, clock } = parts;
  const store = await natsRepeated(clock, `open object bucket ${bucket}`, () =>
    new Objm(connection).create(bucket, { storage: StorageType.File, replicas, max_bytes: -1 }),
  );
  await ensureReplicas(parts, `OBJ_${bucket}`, replicas);
  return {
    put: (name, bytes) => natsRepeated(clock, `store object ${bucket}/${name}`, async () => void (await store.putBlob({ name }, bytes))),
    get: (name) => natsRepeated(clock, `read object ${bucket}/${name}`, () => read(store, bucket, name)),
    size: (name) => natsRepeated(clock, `look at object ${bucket}/${name}`, () => sizeOf(store, name)),
    delete: (name) => natsRepeated(clock, `delete object ${bucket}/${name}`, () => remove(store, name)),
    list: () => natsRepeated(clock, `list object bucket ${bucket}`, async () => (await store.list()).map((info) => info.name).toSorted()),
  };
}

async function read(store: NatsObjects, bucket: string, name: string): Promise<Uint8Array | undefined> {
  try {
    return (await store.getBlob(name)) ?? undefined;
  } catch (reason) {
    if (!(reason instanceof Error) || !reason.message.includes('digests do not match')) throw reason;
    throw new RedQueenError('data_loss', `object ${bucket}/${name}: its content does not fit its digest; store it again`, {
      cause: reason,
    });
  }
}

async function sizeOf(store: NatsObjects, name: string): Promise<number | undefined> {
  const info = await store.info(name);
  return info && !info.deleted ? info.size : undefined;
}

async function remove(store: NatsObjects, name: string): Promise<void> {
  const info = await store.info(name);
  if (info && !info.deleted) await store.delete(name);
}
