import { StorageType } from '@nats-io/jetstream';
import { Objm, type ObjectStore as NatsObjects } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { RedQueenError } from '@redqueen/core';
import type { ObjectStore } from '../port.ts';
import { natsCall } from './errors.ts';

/** Opens a bucket of files, creating it where it does not exist. Chunks and digests (SHA-256) are the client's. */
export async function openObjects(connection: NatsConnection, bucket: string, replicas: number): Promise<ObjectStore> {
  const store = await natsCall(`open object bucket ${bucket}`, () =>
    new Objm(connection).create(bucket, { storage: StorageType.File, replicas, max_bytes: -1 }),
  );
  return {
    put: (name, bytes) => natsCall(`store object ${bucket}/${name}`, async () => void (await store.putBlob({ name }, bytes))),
    get: (name) => natsCall(`read object ${bucket}/${name}`, () => read(store, bucket, name)),
    size: (name) => natsCall(`look at object ${bucket}/${name}`, () => sizeOf(store, name)),
    delete: (name) => natsCall(`delete object ${bucket}/${name}`, () => remove(store, name)),
    list: () => natsCall(`list object bucket ${bucket}`, async () => (await store.list()).map((info) => info.name).toSorted()),
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
