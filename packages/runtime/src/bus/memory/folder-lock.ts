import { mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RedQueenError } from '@redqueen/core';
import { isAlive } from '../../system/processes.ts';

/** Folders locked by this process: a second bus on one of them is as wrong as a second process. */
const mine = new Set<string>();

/**
 * Makes this process the only user of a folder, creating it where need be; returns the function that gives it back. A lock whose process died is taken over.
 * Throws `failed_precondition` where another process uses it.
 */
export function lockFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'bus.lock');
  for (;;) {
    try {
      writeFileSync(path, `${process.pid}`, { flag: 'wx' });
      mine.add(path);
      return () => {
        mine.delete(path);
        unlinkSync(path);
      };
    } catch (reason) {
      if ((reason as NodeJS.ErrnoException).code !== 'EEXIST') throw reason;
    }
    const holder = Number(readFileSync(path, 'utf8'));
    const foreign = holder !== process.pid && isAlive(holder);
    if (foreign || mine.has(path)) {
      throw new RedQueenError(
        'failed_precondition',
        `the bus in ${folder} is in use by process ${holder}: stop it first, or choose another bus folder`,
      );
    }
    unlinkSync(path);
  }
}
