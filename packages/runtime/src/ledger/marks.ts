import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RunRecord } from '@redqueen/core';
import type { Bus } from '../bus/port.ts';
import { LedgerDamage, messageRange } from './damage.ts';
import { readHead, type HeadFile, type LedgerMark } from './head-file.ts';

// M1. The mark of a service is the newest message that the store has confirmed to it: whatever the store forgets after that, somebody knows.
// M2. Nobody tells anything on a run before the store is known to hold all that was ever marked in the data folder.
// M3. What is told after a confirmation stands behind it in the stream; otherwise the store has lost its end in between.

type Run = Pick<RunRecord, 'run' | 'startedAt'>;

function folderOf(dataDir: string, run: string): string {
  return join(dataDir, 'runs', run, 'stored');
}

/** Where a service's mark of a run is. */
export function markFileOf(dataDir: string, run: string, service: string): string {
  return join(folderOf(dataDir, run), `${service}.mark`);
}

/** The newest message that the store has confirmed to anybody over this data folder; 0 where there is none. Throws `data_loss` where a mark cannot be read. */
export function markedSequence(dataDir: string, { run, startedAt }: Run): number {
  let names: string[];
  try {
    names = readdirSync(folderOf(dataDir, run));
  } catch {
    return 0;
  }
  const marks = names.map((name) => readHead<LedgerMark>(join(folderOf(dataDir, run), name)));
  return Math.max(0, ...marks.map((mark) => (mark?.startedAt === startedAt ? mark.sequence : 0)));
}

/** Throws {@link LedgerDamage} where the store lacks messages that it had confirmed (M2). */
export async function requireStored(bus: Bus, dataDir: string, run: Run): Promise<void> {
  const marked = markedSequence(dataDir, run);
  if (marked === 0) return;
  const last = await bus.lastSequence(run.run);
  if (last >= marked) return;
  throw new LedgerDamage(run.run, last + 1, `${messageRange(last + 1, marked)} missing from the store, which had confirmed them`);
}

/** The bus of a run's actors: marks what the store confirms (M1), and calls `onDamage` where a confirmation shows that it has lost its end (M3). */
export function markedBus(bus: Bus, run: Run, file: HeadFile<LedgerMark>, onDamage: (damage: LedgerDamage) => void): Bus {
  let marked = 0;
  return {
    kind: bus.kind,
    async publish(message) {
      const before = marked;
      const result = await bus.publish(message);
      const { sequence, duplicate } = result;
      if (sequence > marked) file.note({ run: run.run, startedAt: run.startedAt, sequence: (marked = sequence) });
      if (duplicate || sequence > before) return result;
      const damage = new LedgerDamage(
        run.run,
        sequence,
        `${messageRange(sequence, before)} missing from the store, which had confirmed them`,
      );
      onDamage(damage);
      throw damage;
    },
    openRun: (name) => bus.openRun(name),
    mailbox: (name, address, options) => bus.mailbox(name, address, options),
    read: (name, options) => bus.read(name, options),
    lastSequence: (name) => bus.lastSequence(name),
    storage: (name) => bus.storage(name),
    keyValue: (bucket) => bus.keyValue(bucket),
    objects: (bucket) => bus.objects(bucket),
    healthy: () => bus.healthy(),
    close: () => bus.close(),
    [Symbol.asyncDispose]: () => bus.close(),
  };
}
