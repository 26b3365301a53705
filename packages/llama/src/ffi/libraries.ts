import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { RedQueenError } from '@redqueen/core';
import koffi from 'koffi';

/** The prebuilt packages of node-llama-cpp that we can drive, by platform and architecture. CPU (and Metal) variants only. */
const packages: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-arm64': 'mac-arm64-metal',
  'darwin-x64': 'mac-x64',
};

/** The folder of the shared libraries that node-llama-cpp ships for this machine. Throws `failed_precondition` where there is none. */
export function libraryFolder(): string {
  const platform = `${process.platform}-${process.arch}`;
  const name = packages[platform];
  if (name === undefined) {
    throw new RedQueenError(
      'failed_precondition',
      `llama.cpp: no prebuilt libraries are known for ${platform}; use Linux or macOS on x64 or arm64`,
    );
  }
  const require = createRequire(import.meta.url);
  try {
    const entry = createRequire(require.resolve('node-llama-cpp')).resolve(`@node-llama-cpp/${name}`);
    return join(dirname(entry), '..', 'bins', name);
  } catch (cause) {
    throw new RedQueenError(
      'failed_precondition',
      `llama.cpp: the package @node-llama-cpp/${name} is not installed; run npm ci without --omit=optional`,
      { cause },
    );
  }
}

/** The one file of `files` that matches; its name holds a version that changes with every release of node-llama-cpp. */
function fileLike(folder: string, files: readonly string[], pattern: RegExp): string {
  const found = files.find((file) => pattern.test(file));
  if (found === undefined) {
    throw new RedQueenError(
      'failed_precondition',
      `llama.cpp: ${folder} holds no library like ${pattern.source}; reinstall node-llama-cpp`,
    );
  }
  return join(folder, found);
}

// Native code runs on koffi's own stacks; ggml and llama.cpp need more than the 128 KiB that asynchronous calls get by default.
koffi.config({ sync_stack_size: 8 << 20, async_stack_size: 4 << 20, resident_async_pools: 4 });

/** Where the backends (libggml-cpu-*.so) lie. */
export const backendFolder: string = libraryFolder();
const files = readdirSync(backendFolder);

/** The files of the three libraries: ggml's base, the registry of its backends, llama. */
export const libraryFiles = [
  fileLike(backendFolder, files, /^libggml-base\.(so|dylib)$/),
  fileLike(backendFolder, files, /^libggml(\.[a-z]+)?(\.v[\d.]+)?\.(so|dylib)$/),
  fileLike(backendFolder, files, /^libllama(\.[a-z]+)?(\.v[\d.]+)?\.(so|dylib)$/),
] as const;

/** Tensors, graphs, allocators, GGUF. */
export const ggmlBase = koffi.load(libraryFiles[0]);
/** The registry of backends. */
export const ggmlRegistry = koffi.load(libraryFiles[1]);
/** Models, contexts, adapters. */
export const llamaLibrary = koffi.load(libraryFiles[2]);
