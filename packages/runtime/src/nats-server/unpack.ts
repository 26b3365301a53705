import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Environment } from '../config/environment.ts';
import type { Logger } from '../log/logger.ts';
import { cachedProgram } from './find.ts';

const run = promisify(execFile);

/** How to unpack the distribution's package. */
export interface UnpackOptions {
  readonly environment: Environment;
  /** The project's cache folder. */
  readonly cacheFolder: string;
  readonly logger: Logger;
  /** Pretends that the system has no package lists, as on a fresh container. */
  readonly ownListsOnly?: boolean;
}

const totalTimeoutMs = 60_000;

/** A machine without network must notice soon. */
const patience = ['-o', 'Acquire::Retries=0', '-o', 'Acquire::http::Timeout=8', '-o', 'Acquire::https::Timeout=8'];

/**
 * Options that give apt a state of its own in a folder: package lists can then be fetched without root, and the system's stay untouched.
 * The installed packages are still read from the system, signatures are checked with the system's keys.
 */
function ownState(folder: string): string[] {
  const settings = {
    'Dir::State': join(folder, 'state'),
    'Dir::State::status': '/var/lib/dpkg/status',
    'Dir::Cache': join(folder, 'cache'),
    'Acquire::Languages': 'none',
    // As root, apt would drop to a user who cannot write here.
    'APT::Sandbox::User': '',
  };
  mkdirSync(join(folder, 'state/lists/partial'), { recursive: true });
  mkdirSync(join(folder, 'cache/archives/partial'), { recursive: true });
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

async function download(folder: string, options: UnpackOptions, signal: AbortSignal): Promise<void> {
  const apt = (...words: string[]) =>
    run('apt-get', [...patience, ...words], { cwd: folder, env: { ...options.environment, LC_ALL: 'C' }, signal });
  const sandbox = ['-o', 'APT::Sandbox::User='];
  if (!options.ownListsOnly) {
    const downloaded = await apt(...sandbox, '--quiet', 'download', 'nats-server').then(
      () => true,
      (error: unknown) => {
        options.logger.debug({ err: error }, "the system's package lists do not do");
        return false;
      },
    );
    if (downloaded) return;
  }
  const state = ownState(folder);
  await apt(...state, '--quiet', 'update');
  await apt(...state, '--quiet', 'download', 'nats-server');
}

/** Unpacks beside its final place and moves it there in one step, so that two starts at once cannot see half a program. */
async function unpackInto(folder: string, options: UnpackOptions, signal: AbortSignal): Promise<string> {
  await download(folder, options, signal);
  const archive = readdirSync(folder).find((name) => name.startsWith('nats-server') && name.endsWith('.deb'));
  if (archive === undefined) throw new Error('apt-get download left no package');
  const tree = join(folder, 'tree');
  await run('dpkg', ['-x', join(folder, archive), tree], { signal });
  const unpacked = join(tree, 'usr/sbin/nats-server');
  chmodSync(unpacked, 0o755);
  await run(unpacked, ['--version'], { signal });
  const program = cachedProgram(options.cacheFolder);
  mkdirSync(join(program, '..'), { recursive: true });
  renameSync(unpacked, program);
  return program;
}

/**
 * Debian's and Ubuntu's own nats-server package, downloaded and unpacked once into the cache: no root, nothing installed.
 * The program's path, or undefined where there is no apt, no network or no such package; the log says why.
 */
export async function unpackNatsServer(options: UnpackOptions): Promise<string | undefined> {
  mkdirSync(options.cacheFolder, { recursive: true });
  const folder = mkdtempSync(join(options.cacheFolder, 'unpacking-'));
  try {
    return await unpackInto(folder, options, AbortSignal.timeout(totalTimeoutMs));
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim().split('\n').at(-1);
    options.logger.warn({ reason: said || (error as Error).message }, "The distribution's nats-server package could not be unpacked");
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
