import { closeSync, openSync, writeSync } from 'node:fs';
import type { LedgerEntry } from '../../services/reward-aggregator/src/audit/index.ts';

/** Writes the messages of a ledger one after the other, each behind its length. */
export function writeEntries(path: string, entries: readonly LedgerEntry[]): void {
  const file = openSync(path, 'w');
  for (const { bytes } of entries) {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    writeSync(file, Buffer.concat([length, bytes]));
  }
  closeSync(file);
}

/** The messages in a file that {@link writeEntries} wrote. */
export async function* entriesIn(file: Buffer): AsyncGenerator<LedgerEntry> {
  for (let at = 0, sequence = 1; at < file.length; sequence++) {
    const end = at + 4 + file.readUInt32LE(at);
    yield { sequence, bytes: file.subarray(at + 4, end) };
    at = end;
  }
}
