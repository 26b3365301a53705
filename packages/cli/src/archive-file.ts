import { createReadStream, existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { RedQueenError } from '@redqueen/sdk';

/** Writes a file piece by piece, as a whole or not at all; answers its size in bytes. Throws `already_exists` where there is one. */
export async function writeWhole(file: string, pieces: AsyncIterable<Uint8Array>): Promise<number> {
  if (existsSync(file)) throw new RedQueenError('already_exists', `${file} exists: remove it, or choose another name with --out`);
  const part = `${file}.part`;
  let bytes = 0;
  try {
    const handle = await open(part, 'w');
    try {
      for await (const piece of pieces) {
        await handle.writeFile(piece);
        bytes += piece.length;
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(part, file);
    return bytes;
  } catch (reason) {
    await rm(part, { force: true });
    const { code } = reason as NodeJS.ErrnoException;
    if (reason instanceof RedQueenError || code === undefined) throw reason;
    throw new RedQueenError('failed_precondition', `${file} cannot be written (${(reason as Error).message})`, { cause: reason });
  }
}

/** A file in pieces. */
export function readPieces(file: string): AsyncIterable<Uint8Array> {
  return createReadStream(file, { highWaterMark: 1024 * 1024 });
}
