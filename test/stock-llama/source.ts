// llama.cpp's own source, from the git bundle that node-llama-cpp ships: the very release whose libraries we use.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, processEnvironment } from '@redqueen/runtime';

const run = promisify(execFile);
const bundleFolder = join(dirname(createRequire(import.meta.url).resolve('node-llama-cpp')), '..', 'llama');
const bundle = join(bundleFolder, 'gitRelease.bundle');

/** Runs a program and gives its output; its error tells what it printed. */
export async function output(program: string, words: readonly string[], options: { readonly cwd?: string } = {}): Promise<string> {
  const { stdout } = await run(program, [...words], { ...options, maxBuffer: 64 << 20 });
  return stdout;
}

/** What is missing here of the programs named and of the source; empty where nothing is. */
export async function missingTools(programs: readonly string[]): Promise<string> {
  const found = await Promise.all(
    programs.map((program) =>
      output(program, ['--version']).then(
        () => '',
        () => program,
      ),
    ),
  );
  return [...found, existsSync(bundle) ? '' : 'the git bundle of node-llama-cpp'].filter((name) => name !== '').join(', ');
}

/** The folder that keeps the source and what is built of it, by release. */
function releaseFolder(): string {
  const { tag } = JSON.parse(readFileSync(join(bundleFolder, 'llama.cpp.info.json'), 'utf8')) as { readonly tag: string };
  return join(cacheFolder(processEnvironment()), 'llama.cpp', tag);
}

/** The source as a folder, checked out at the first use. */
export async function sourceFolder(): Promise<string> {
  const folder = join(releaseFolder(), 'source');
  if (existsSync(folder)) return folder;
  const fresh = `${folder}-${process.pid}`;
  mkdirSync(dirname(folder), { recursive: true });
  try {
    await output('git', ['-c', 'advice.detachedHead=false', 'clone', '--quiet', '--depth', '1', bundle, fresh]);
    renameSync(fresh, folder);
  } catch (reason) {
    rmSync(fresh, { recursive: true, force: true });
    // Another process may have been faster.
    if (!existsSync(folder)) throw reason;
  }
  return folder;
}

/** Builds programs of llama.cpp, which takes minutes at the first time; gives their folder. */
export async function builtPrograms(targets: readonly string[]): Promise<string> {
  const build = join(releaseFolder(), 'build');
  const programs = join(build, 'bin');
  if (targets.every((target) => existsSync(join(programs, target)))) return programs;
  const source = await sourceFolder();
  const settings = ['CMAKE_BUILD_TYPE=Release', 'BUILD_SHARED_LIBS=OFF', 'GGML_NATIVE=OFF', 'GGML_OPENMP=OFF', 'LLAMA_OPENSSL=OFF'];
  const parts = ['LLAMA_BUILD_TESTS=OFF', 'LLAMA_BUILD_EXAMPLES=OFF', 'LLAMA_BUILD_UI=OFF', 'LLAMA_USE_PREBUILT_UI=OFF'];
  await output('cmake', ['-S', source, '-B', build, ...[...settings, ...parts].map((setting) => `-D${setting}`)]);
  await output('cmake', ['--build', build, '--parallel', String(availableParallelism()), '--target', ...targets]);
  return programs;
}
