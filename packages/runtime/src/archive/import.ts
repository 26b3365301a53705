import { addressOf } from '@redqueen/contract';
import { RedQueenError, type RunRecord } from '@redqueen/core';
import type { Bus } from '../bus/port.ts';
import { ContentStore } from '../files/content-store.ts';
import { requireRunId } from '../runs/run-id.ts';
import { Runs } from '../runs/runs.ts';
import { objectBuckets, removeTraces, valueBuckets } from '../runs/traces.ts';
import type { Entry } from './format.ts';
import { openArchive, type RunArchive } from './read.ts';

/** Where the files of the run's folder go. */
export type WriteDocument = (run: string, name: string, bytes: Uint8Array) => Promise<void>;

/**
 * Brings a run back from an archive: after that it can be looked at, and resumed where it was stopped. Nobody sees it before it is whole; where it fails
 * nothing stays. Throws `already_exists` where there is a run of that name, otherwise as {@link openArchive} does.
 */
export async function importArchive(bus: Bus, file: string, writeDocument: WriteDocument): Promise<RunRecord> {
  const archive = await openArchive(file);
  const { record } = archive;
  requireRunId(record.run);
  const runs = await Runs.open(bus);
  if (await runs.get(record.run))
    throw new RedQueenError('already_exists', `run ${record.run} exists here: remove it first, \`redqueen runs rm ${record.run}\``);
  // A stream without a record is what an import left that was cut off.
  await removeTraces(bus, record.run);
  try {
    await restore(bus, archive, writeDocument);
    await runs.create(record);
  } catch (reason) {
    await removeTraces(bus, record.run);
    throw reason;
  }
  return record;
}

async function restore(bus: Bus, archive: RunArchive, writeDocument: WriteDocument): Promise<void> {
  const { run } = archive.record;
  await bus.storage(run).restore(archive.messages());
  for await (const entry of archive.entries()) await restoreEntry(bus, run, entry, writeDocument);
}

async function restoreEntry(bus: Bus, run: string, { head, body }: Entry, writeDocument: WriteDocument): Promise<void> {
  switch (head.type) {
    case 'mailbox':
      return await bus.storage(run).restorePosition({ address: addressOf(head.address), handled: head.handled });
    case 'value':
      requireOwn(run, valueBuckets, head.bucket, head.key);
      return void (await (await bus.keyValue(head.bucket)).put(head.key, body));
    case 'object':
      requireOwn(run, objectBuckets, head.bucket, head.name);
      return await (await bus.objects(head.bucket)).put(head.name, body);
    case 'file': {
      const hash = await new ContentStore(bus, head.kind, run).put(body);
      if (hash !== head.hash) throw new RedQueenError('data_loss', `the archive's file ${head.hash} has SHA-256 ${hash}`);
      return;
    }
    case 'document':
      return await writeDocument(run, head.name, body);
    default:
  }
}

/** What an archive brings stays within its run, whoever wrote it. */
function requireOwn(run: string, buckets: readonly string[], bucket: string, name: string): void {
  if (buckets.includes(bucket) && name.startsWith(`${run}.`)) return;
  throw new RedQueenError('invalid_argument', `the archive of run ${run} holds ${bucket}/${name}, which is not its own`);
}
