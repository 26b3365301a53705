import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let files = 0;

/**
 * Runs `work` with a path under which the bytes can be read. The file has lost its name before `work` begins, so that nothing is left behind
 * however this process ends. Throws what the file system throws where the temporary folder cannot be written.
 */
export async function withNamelessFile<Result>(bytes: Uint8Array, work: (path: string) => Promise<Result>): Promise<Result> {
  const name = join(tmpdir(), `redqueen-${process.pid}-${++files}.gguf`);
  const file = openSync(name, 'wx+', 0o600);
  try {
    unlinkSync(name);
    // Written at positions: the path may share this descriptor's place in the file, which must be its start.
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, done);
    return await work(`/dev/fd/${file}`);
  } finally {
    closeSync(file);
  }
}
