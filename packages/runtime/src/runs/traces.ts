import { deadLetterBucket } from '../actors/dead-letters.ts';
import { leaseBucket } from '../actors/lease.ts';
import { snapshotBucket, snapshotObjectBucket } from '../actors/snapshots.ts';
import type { Bus } from '../bus/port.ts';
import { ContentStore, fileKinds, filesOf } from '../files/content-store.ts';
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
