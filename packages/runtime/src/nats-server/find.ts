import { RedQueenError } from '@redqueen/core';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Environment } from '../config/environment.ts';

/** Where to look for a program. */
export interface FindOptions {
  /** A program named by the user; an error where it does not exist. */
  readonly named: string;
  readonly environment: Environment;
  /** The project's cache folder. */
  readonly cacheFolder: string;
  /** Folders outside PATH where packages put it; the usual ones when left out. */
  readonly usualFolders?: readonly string[];
}

const program = process.platform === 'win32' ? 'nats-server.exe' : 'nats-server';

/** The project's cache: XDG_CACHE_HOME or ~/.cache, then red-queen. */
export function cacheFolder(environment: Environment): string {
  return join(environment['XDG_CACHE_HOME'] || join(environment['HOME'] || homedir(), '.cache'), 'red-queen');
}

/** Debian (not on a normal user's PATH), by hand, Homebrew (ARM, Intel, Linux), Scoop. */
function usualFolders(home: string): string[] {
  return ['/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin', '/home/linuxbrew/.linuxbrew/bin', join(home, 'scoop/shims')];
}

/** Whether a file can be run. */
function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Where the unpacked package is kept in the cache. */
export function cachedProgram(folder: string): string {
  return join(folder, 'nats-server', program);
}

/**
 * A nats-server program: the named one, else from PATH, the folders where packages put it, or the cache; undefined where there is none.
 * Throws `not_found` where the named one cannot be run.
 */
export function findNatsServer(options: FindOptions): string | undefined {
  const { named, environment } = options;
  if (named) {
    if (isProgram(named)) return named;
    throw new RedQueenError(
      'not_found',
      `nats-server program ${named} does not exist or cannot be run; check bus.serverBinary (NATS_SERVER_BIN)`,
    );
  }
  const fromPath = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const folders = [...fromPath, ...(options.usualFolders ?? usualFolders(environment['HOME'] || homedir()))];
  return [...folders.map((folder) => join(folder, program)), cachedProgram(options.cacheFolder)].find(isProgram);
}

/** The family of a Linux distribution as /etc/os-release tells it: ID and ID_LIKE, e.g. ["ubuntu", "debian"]. Empty elsewhere. */
export function distribution(releaseFile = '/etc/os-release'): readonly string[] {
  let text: string;
  try {
    text = readFileSync(releaseFile, 'utf8');
  } catch {
    return [];
  }
  return [...text.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap(([, names = '']) => names.split(' ')).filter((name) => name !== '');
}

/** The command that installs nats-server on this system, for one line to a person. */
export function installHint(platform: string = process.platform, family: readonly string[] = distribution()): string {
  if (platform === 'darwin') return 'brew install nats-server';
  if (platform === 'win32') return 'scoop install nats-server';
  if (family.includes('debian') || family.includes('ubuntu')) return 'sudo apt-get install nats-server';
  return 'download it from https://github.com/nats-io/nats-server/releases and put it on PATH';
}
