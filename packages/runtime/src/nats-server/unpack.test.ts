import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { processEnvironment } from '../config/environment.ts';
import { silentLogger } from '../log/logger.ts';
import { distribution } from './find.ts';
import { unpackNatsServer } from './unpack.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'redqueen-unpack-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const environment = processEnvironment();

/** An apt-get in front of the real one. */
function withAptGet(script: string): Record<string, string> {
  const path = join(folder, 'bin/apt-get');
  mkdirSync(join(folder, 'bin'));
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return { ...(environment as Record<string, string>), PATH: `${join(folder, 'bin')}${delimiter}${environment['PATH'] ?? ''}` };
}

function canDownload(): boolean {
  if (!distribution().includes('debian')) return false;
  try {
    execFileSync('apt-get', ['download', '--print-uris', 'nats-server'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

it('answers undefined, and leaves nothing behind, where apt has no network or does not exist', async () => {
  for (const env of [withAptGet('echo "E: Temporary failure resolving" >&2; exit 100'), { PATH: folder }]) {
    const cache = join(folder, 'cache');
    expect(await unpackNatsServer({ environment: env, cacheFolder: cache, logger: silentLogger })).toBeUndefined();
    expect(readdirSync(cache)).toEqual([]);
  }
});

// Needs a Debian or Ubuntu whose archive can be reached; it fetches 4 MB.
it.skipIf(!environment['REDQUEEN_TEST_UNPACK'] || !canDownload())(
  'unpacks a server that runs',
  async () => {
    for (const ownListsOnly of [false, true]) {
      const cacheFolder = join(folder, `cache-${ownListsOnly}`);
      const program = await unpackNatsServer({ environment, cacheFolder, logger: silentLogger, ownListsOnly });
      expect(execFileSync(program ?? '', ['--version'], { encoding: 'utf8' })).toMatch(/nats-server: v2\./);
    }
  },
  120_000,
);
