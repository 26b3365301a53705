import { deadLetterBucket } from '../actors/dead-letters.ts';
import { leaseBucket } from '../actors/lease.ts';
import { snapshotBucket, snapshotObjectBucket } from '../actors/snapshots.ts';
import type { Bus } from '../bus/port.ts';
import { ContentStore, fileHolders, fileKinds, filesOf } from '../files/content-store.ts';
import { runBucket } from './runs.ts';

/** Buckets with values of many runs, each key beginning with "<run>.". A run's archive holds them, and they go when the run does. */
export const valueBuckets: readonly string[] = [snapshotBucket, leaseBucket, deadLetterBucket, 'rq-gateway'];
/** The same for objects. */
export const objectBuckets: readonly string[] = [snapshotObjectBucket];

/**
 * Removes everything of a run from the bus: its stream and mailboxes, snapshots, leases, dead letters, the files that no other run holds, and at last its
 * record. A removal that was cut off is finished by the next one. Nobody may be at work on the run.
 */
export async function removeTraces(bus: Bus, run: string): Promise<void> {
  await bus.storage(run).delete();
  for (const name of valueBuckets) {
    const bucket = await bus.keyValue(name);
    for (const key of await bucket.keys()) if (key.startsWith(`${run}.`)) await bucket.delete(key);
  }
  for (const name of objectBuckets) {
    const objects = await bus.objects(name);
    for (const object of await objects.list()) if (object.startsWith(`${run}.`)) await objects.delete(object);
  }
  for (const kind of fileKinds) {
    const store = new ContentStore(bus, kind, run);
    for (const hash of await filesOf(bus, kind, run)) await store.release(hash);
  }
  await (await bus.keyValue(runBucket)).delete(run);
}

/** How much a run stores besides its stream and its folder. */
export interface StoredFiles {
  readonly snapshotBytes: number;
  /** Adapter and optimizer files. */
  readonly files: number;
  readonly fileBytes: number;
  /** Of these, bytes of files that other runs hold, too. */
  readonly sharedBytes: number;
}

/** What a run stores besides its stream. */
export async function storedFiles(bus: Bus, run: string): Promise<StoredFiles> {
  const total = { files: 0, fileBytes: 0, sharedBytes: 0 };
  for (const kind of fileKinds) {
    const objects = await bus.objects(`rq-${kind}`);
    for (const [hash, holders] of await fileHolders(bus, kind)) {
      if (!holders.includes(run)) continue;
      const bytes = (await objects.size(hash)) ?? 0;
      total.files++;
      total.fileBytes += bytes;
      if (holders.length > 1) total.sharedBytes += bytes;
    }
  }
  return { ...total, snapshotBytes: await snapshotBytes(bus, run) };
}

async function snapshotBytes(bus: Bus, run: string): Promise<number> {
  const values = await bus.keyValue(snapshotBucket);
  const objects = await bus.objects(snapshotObjectBucket);
  const own = (names: readonly string[]): string[] => names.filter((name) => name.startsWith(`${run}.`));
  const inline = await Promise.all(own(await values.keys()).map(async (key) => (await values.get(key))?.value.length ?? 0));
  const large = await Promise.all(own(await objects.list()).map(async (name) => (await objects.size(name)) ?? 0));
  return [...inline, ...large].reduce((sum, bytes) => sum + bytes, 0);
}
