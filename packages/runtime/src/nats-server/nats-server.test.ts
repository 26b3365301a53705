import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processEnvironment } from '../config/environment.ts';
import { loadConfig } from '../config/load.ts';
import { silentLogger } from '../log/logger.ts';
import { systemClock } from '../system/clock.ts';
import { cachedProgram, cacheFolder, distribution, findNatsServer, installHint } from './find.ts';
import { isAlive } from '../system/processes.ts';
import { endLeftOver } from './left-over.ts';
import { obtainNats } from './obtain.ts';
import { probeNats, requireJetStream } from './probe.ts';
import { serverFiles } from './server-config.ts';
import { startNatsServer, type NatsServer } from './start.ts';

let folder: string;
const cleanups: (() => unknown)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'redqueen-nats-'));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  rmSync(folder, { recursive: true, force: true });
});

const environment = processEnvironment();
const natsServer = findNatsServer({ named: '', environment, cacheFolder: cacheFolder(environment) });

function programAt(path: string): string {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, '#!/bin/sh\nexit 0\n');
  chmodSync(path, 0o755);
  return path;
}

describe('finding', () => {
  const find = (overrides: Partial<Parameters<typeof findNatsServer>[0]>) =>
    findNatsServer({
      named: '',
      environment: { PATH: join(folder, 'path') },
      cacheFolder: join(folder, 'cache'),
      usualFolders: [join(folder, 'usual')],
      ...overrides,
    });

  it('takes the named one, then PATH, then the usual folders, then the cache', () => {
    expect(find({})).toBeUndefined();
    const cached = programAt(cachedProgram(join(folder, 'cache')));
    expect(find({})).toBe(cached);
    const usual = programAt(join(folder, 'usual/nats-server'));
    expect(find({})).toBe(usual);
    const onPath = programAt(join(folder, 'path/nats-server'));
    expect(find({})).toBe(onPath);
    const named = programAt(join(folder, 'mine'));
    expect(find({ named })).toBe(named);
  });

  it('takes no folder and no file that cannot be run, and refuses a named one that cannot', () => {
    mkdirSync(join(folder, 'path/nats-server'), { recursive: true });
    mkdirSync(join(folder, 'usual'));
    writeFileSync(join(folder, 'usual/nats-server'), 'text');
    expect(find({})).toBeUndefined();
    expect(() => find({ named: join(folder, 'usual/nats-server') })).toThrow(/bus\.serverBinary \(NATS_SERVER_BIN\)/);
  });

  it('names the command that installs it', () => {
    expect(installHint('darwin')).toBe('brew install nats-server');
    expect(installHint('win32')).toBe('scoop install nats-server');
    const release = join(folder, 'os-release');
    writeFileSync(release, 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\n');
    expect(distribution(release)).toEqual(['ubuntu', 'debian']);
    expect(installHint('linux', distribution(release))).toBe('sudo apt-get install nats-server');
    expect(installHint('linux', distribution(join(folder, 'nothing')))).toMatch(/github\.com\/nats-io/);
  });
});

describe('adopting a server', () => {
  async function listener(greeting: string): Promise<string> {
    const server = createServer((socket) => socket.on('error', () => {}).write(greeting)).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    cleanups.push(() => new Promise((resolve) => server.close(resolve)));
    return `nats://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('refuses one that greets without JetStream, and something that is no nats-server', async () => {
    await expect(requireJetStream(await listener('INFO {"version":"2.9.10"}\r\n'))).rejects.toMatchObject({
      code: 'failed_precondition',
      message: expect.stringMatching(/without JetStream.*-js/),
    });
    await expect(probeNats(await listener('SSH-2.0\r\n'), 1000)).rejects.toThrow(/something else/);
    await expect(probeNats(await listener('INFO {nonsense}\r\n'), 1000)).rejects.toThrow(/cannot be read/);
  });

  it('says where nobody answers, and takes the first of several that does', async () => {
    const good = await listener('INFO {"version":"2.9.10","jetstream":true}\r\n');
    await expect(requireJetStream('nats://127.0.0.1:1')).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('127.0.0.1:1'),
    });
    await expect(requireJetStream(`nats://127.0.0.1:1, ${good}`)).resolves.toMatchObject({ jetstream: true });
    await expect(requireJetStream('nats://a b')).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  it('looks at bus.url before anything else', async () => {
    const url = await listener('INFO {"version":"2.9.10"}\r\n');
    const { config } = loadConfig({ environment: { NATS_URL: url } });
    await expect(obtainNats(config, {}, silentLogger)).rejects.toThrow(/without JetStream/);
  });
});

describe.skipIf(natsServer === undefined)('a real nats-server', () => {
  async function start(dataDir: string, port = 0): Promise<NatsServer> {
    const server = await startNatsServer({ program: natsServer ?? '', dataDir, port, clock: systemClock });
    cleanups.push(() => server.stop());
    return server;
  }

  it('comes up with JetStream on a free port, in a folder with a space, and is gone after stop', async () => {
    const server = await start(join(folder, 'a b'));
    expect(await requireJetStream(server.url)).toMatchObject({ jetstream: true });
    await server.stop();
    await server.ended;
    await expect(probeNats(server.url, 500)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('tells in one error why it did not come up', async () => {
    const first = await start(join(folder, 'one'));
    await expect(start(join(folder, 'two'), first.port)).rejects.toMatchObject({
      code: 'failed_precondition',
      message: expect.stringMatching(/address already in use.*nats-server\.log/),
    });
  });

  it('ends one that a killed launcher left on the same folder before it starts', async () => {
    const files = serverFiles(folder);
    const first = await start(folder);
    await endLeftOver(files, systemClock);
    await first.ended;
    const second = await start(folder, first.port);
    expect(second.url).toBe(first.url);
  });

  it('is killed where it does not end when it is told', async () => {
    const server = await start(join(folder, 'stuck'));
    const pid = Number(readFileSync(serverFiles(join(folder, 'stuck')).pid, 'utf8'));
    process.kill(pid, 'SIGSTOP');
    await server.stop();
    expect(isAlive(pid)).toBe(false);
  });

  it('leaves a process alone that only happens to have the number in the pid file', async () => {
    const files = serverFiles(folder);
    mkdirSync(join(files.pid, '..'), { recursive: true });
    writeFileSync(files.pid, String(process.pid));
    await endLeftOver(files, systemClock);
    expect(isAlive(process.pid)).toBe(true);
    expect(existsSync(files.pid)).toBe(true);
  });

  it('is found through a link, as Homebrew installs it', () => {
    symlinkSync(natsServer ?? '', join(folder, 'nats-server'));
    expect(findNatsServer({ named: '', environment: { PATH: folder }, cacheFolder: folder, usualFolders: [] })).toBe(
      join(folder, 'nats-server'),
    );
  });
});
