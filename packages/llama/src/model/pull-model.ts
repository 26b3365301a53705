import { closeSync, existsSync, mkdirSync, openSync, readSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { RedQueenError } from '@redqueen/core';
import type { ModelDownloader } from 'node-llama-cpp';

/** How far a download is, in bytes. */
export interface PullProgress {
  readonly done: number;
  readonly total: number;
}

/** What to fetch, and where to. */
export interface PullRequest {
  /** `hf:user/repo/file.gguf`, `hf:user/repo:Q4_K_M`, or an http(s) URL. */
  readonly address: string;
  /** Path that the whole file will have. What is there of an earlier, broken pull is taken up again. */
  readonly file: string;
  readonly onProgress?: (progress: PullProgress) => void;
  readonly signal?: AbortSignal;
  /** URL of the hub that `hf:` stands for; Hugging Face where left out. */
  readonly hub?: string;
}

const huggingFace = 'https://huggingface.co/';
const answerMs = 15_000;

/**
 * Downloads a GGUF model with node-llama-cpp's downloader. It appears under its name only when it is whole and a GGUF file; a pull that was broken
 * off goes on where it stopped. Throws `not_found` where the address leads nowhere, `unavailable` where the host cannot be reached or the
 * connection stays broken, `invalid_argument` where the file is no GGUF, and `cancelled`.
 */
export async function pullModel({ address, file, onProgress, signal, hub = huggingFace }: PullRequest): Promise<void> {
  const partial = `${basename(file)}.partial`;
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true });
  const path = `${folder}/${partial}`;
  try {
    // The downloader would try again for minutes.
    await fetch(/^https?:/.test(address) ? address : hub, { method: 'HEAD', signal: AbortSignal.timeout(answerMs) });
    const { createModelDownloader } = await import('node-llama-cpp');
    const downloader = await createModelDownloader({
      modelUri: address,
      dirPath: folder,
      fileName: partial,
      deleteTempFileOnCancel: false,
      onProgress: ({ downloadedSize, totalSize }) => onProgress?.({ done: downloadedSize, total: totalSize }),
      endpoints: { huggingFace: hub },
    });
    checkOneFile(downloader, address);
    await downloader.download({ ...(signal !== undefined && { signal }) });
    // A download that was broken off ends like one that is done.
    signal?.throwIfAborted();
  } catch (error) {
    // Broken off, the downloader may give its unfinished file the name of a whole one; under this one it goes on with it.
    if (existsSync(path)) renameSync(path, `${path}.ipull`);
    throw errorOf(error, address, signal);
  }
  if (!isGguf(path)) {
    rmSync(path, { force: true });
    throw new RedQueenError('invalid_argument', `model: ${address} is no GGUF file; give the address of a file that ends in .gguf`);
  }
  renameSync(path, file);
}

function checkOneFile({ totalFiles }: ModelDownloader, address: string): void {
  if (totalFiles > 1)
    throw new RedQueenError(
      'invalid_argument',
      `model: ${address} is split into ${totalFiles} files; merge them with llama-gguf-split first`,
    );
}

function isGguf(path: string): boolean {
  const start = Buffer.alloc(4);
  const file = openSync(path, 'r');
  try {
    return readSync(file, start) === 4 && start.toString('latin1') === 'GGUF';
  } finally {
    closeSync(file);
  }
}

/** The texts of an error and its causes. */
function textOf(error: unknown): string {
  return error instanceof Error ? `${error.message} ${textOf(error.cause)}` : '';
}

function errorOf(error: unknown, address: string, signal: AbortSignal | undefined): RedQueenError {
  if (error instanceof RedQueenError) return error;
  const text = textOf(error).trim();
  if (signal?.aborted === true)
    return new RedQueenError('cancelled', `model: ${address} was not pulled to the end; pull it again to go on`, { cause: error });
  if (/\b40[134]\b|not found|unauthorized|forbidden/i.test(text))
    return new RedQueenError('not_found', `model: there is no public file at ${address} (${text}); check user, repository and file`, {
      cause: error,
    });
  return new RedQueenError('unavailable', `model: ${address} cannot be fetched (${text}); check the network and pull it again to go on`, {
    cause: error,
  });
}
