import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file system of a few megabytes, to be filled. */
export interface SmallDisk extends Disposable {
  readonly path: string;
  /** Bytes that are free. */
  readonly free: number;
  /** Takes everything but so many bytes. */
  fill(leave: number): void;
  /** Gives back what `fill` took. */
  empty(): void;
}

/** Why this machine cannot mount one; undefined where it can. */
export function whyNoSmallDisk(): string | undefined {
  if (process.platform !== 'linux') return 'a tmpfs of a fixed size needs Linux';
  if (process.getuid?.() !== 0) return 'mounting a tmpfs needs root';
  return undefined;
}

/** Mounts a tmpfs of so many megabytes on that folder, which is made. Throws where the machine does not allow it. */
export function mountSmallDisk(path: string, megabytes: number): SmallDisk {
  mkdirSync(path, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path]);
  const filler = join(path, 'filler');
  const free = () => {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  };
  return {
    path,
    get free() {
      return free();
    },
    fill(leave) {
      rmSync(filler, { force: true });
      writeFileSync(filler, Buffer.alloc(Math.max(0, free() - leave)));
    },
    empty: () => rmSync(filler, { force: true }),
    // Lazily: a process that was killed may still be on its way out.
    [Symbol.dispose]: () => void execFileSync('umount', ['-l', path]),
  };
}
