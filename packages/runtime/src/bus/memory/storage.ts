import { addressOf } from '@redqueen/contract';
import type { RunStorage, StoredBytes } from '../storage.ts';
import type { Store } from './store.ts';

/** A run's stream in memory and its journal, as a thing that is kept. `turn` lets other work of the process run. */
export function memoryStorage(store: Store, run: string, turn: () => Promise<void>): RunStorage {
  async function* messages(): AsyncGenerator<StoredBytes> {
    const log = store.log(run);
    const { last } = log;
    for (let sequence = 1; sequence <= last; sequence++) {
      const entry = log.get(sequence);
      if (entry) yield { sequence, storedAt: entry.storedAt, id: entry.id, to: addressOf(entry.to), bytes: entry.bytes };
      if (sequence % 64 === 0) await turn();
    }
  }
  return {
    exists: async () => store.has(run),
    size: async () => ({ messages: store.log(run).last, bytes: store.log(run).bytes }),
    messages,
    positions: async () => store.positions(run),
    restore: async (restored) => {
      store.openRun(run);
      for await (const message of restored) store.restoreMessage(run, message);
      await store.written();
    },
    restorePosition: (position) => store.restorePosition(run, position),
    delete: () => store.deleteRun(run),
  };
}
