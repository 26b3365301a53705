import type { Clock } from '@redqueen/core';
import { statfs } from 'node:fs/promises';

const megabyte = 1 << 20;
/** Less is a full disk: the largest message on the bus would not fit. */
const leastBytes = 8 * megabyte;
/** So much is room again. */
const roomBytes = 16 * megabyte;
const lookEveryMs = 1000;

/** What to watch over. */
export interface DiskWatch {
  readonly folder: string;
  readonly clock: Clock;
  /** Tells the person in one line. */
  readonly say: (line: string) => void;
  /** Bytes that are free where the folder is; asks the file system when left out. */
  readonly free?: () => Promise<number>;
}

/**
 * Watches the disk of a folder until the signal aborts; says when it is full, and resolves with true once it has room again.
 * A nats-server whose disk was full stores nothing more until it is started again, and does not say so to anybody.
 */
export async function roomAfterFull({ folder, clock, say, free }: DiskWatch, signal: AbortSignal): Promise<boolean> {
  const look = free ?? (async () => statfs(folder).then(({ bavail, bsize }) => bavail * bsize));
  let full = false;
  while (!signal.aborted) {
    const bytes = await look().catch(() => roomBytes);
    if (full && bytes >= roomBytes) return true;
    if (!full && bytes < leastBytes) {
      full = true;
      const left = (bytes / megabyte).toFixed(1);
      say(
        `The disk of ${folder} is full (${left} MB free): nothing more can be stored. Free ${roomBytes / megabyte} MB; the run then goes on by itself.`,
      );
    }
    await clock.sleep(lookEveryMs, signal).catch(() => {});
  }
  return false;
}
