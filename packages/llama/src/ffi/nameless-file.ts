import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Bytes under a path that native code can read, until it is disposed of. */
export interface NamelessFile extends Disposable {
  readonly path: string;
}

let files = 0;

/**
 * A file for what only reads files. It has lost its name before anybody sees it, so that nothing is left behind however this process ends. Throws what
 * the file system throws where the temporary folder cannot be written.
 */
export function namelessFile(bytes: Uint8Array): NamelessFile {
  const name = join(tmpdir(), `redqueen-${process.pid}-${++files}.gguf`);
  const file = openSync(name, 'wx+', 0o600);
  try {
    unlinkSync(name);
    // Written at positions: the path may share this descriptor's place in the file, which must be its start.
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, done);
  } catch (reason) {
    closeSync(file);
    throw reason;
  }
  return { path: `/dev/fd/${file}`, [Symbol.dispose]: () => closeSync(file) };
}
