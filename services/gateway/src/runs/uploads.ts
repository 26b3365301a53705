import { rmSync } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RedQueenError } from '@redqueen/core';

/** A piece of a file on its way here. */
export interface Piece {
  readonly upload: string;
  readonly offset: number;
  readonly data: Uint8Array;
  readonly last: boolean;
}

/** Files that come in pieces, each written down until the last one is here. What an earlier gateway left is of no use to anybody, and goes. */
export class Uploads {
  readonly #folder: string;

  constructor(dataDir: string) {
    this.#folder = join(dataDir, 'uploads');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Takes a piece; answers the path of the whole file after the last one. Throws `failed_precondition` where a piece is missing before it. */
  async take({ upload, offset, data, last }: Piece): Promise<string | undefined> {
    const file = this.#file(upload);
    await mkdir(this.#folder, { recursive: true });
    const handle = await open(file, offset === 0 ? 'w' : 'a');
    try {
      const { size } = await handle.stat();
      if (size !== offset)
        throw new RedQueenError(
          'failed_precondition',
          `upload ${upload}: ${size} bytes are here, the next piece begins there, not at ${offset}`,
        );
      await handle.writeFile(data);
    } finally {
      await handle.close();
    }
    return last ? file : undefined;
  }

  /** Forgets a file. */
  async drop(upload: string): Promise<void> {
    await rm(this.#file(upload), { force: true });
  }

  #file(upload: string): string {
    if (/^[-\w]{1,100}$/.test(upload)) return join(this.#folder, `${upload}.part`);
    throw new RedQueenError('invalid_argument', `upload ${JSON.stringify(upload)}: use letters, digits, "_" and "-"`);
  }
}
