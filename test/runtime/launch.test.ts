import { isAlive, loadConfig, probeNats, serviceNames, systemClock, type Config } from '@redqueen/runtime';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findCluster, launchCluster, type Cluster } from '../../packages/cli/src/launch/index.ts';
import { afterTest, temporaryFolder } from './support/folder.ts';
import { natsServer } from './support/service-process.ts';

function configOf(dataDir: string, flags: Record<string, unknown> = {}): Config {
  return loadConfig({ environment: {}, flags: { dataDir, ...flags } }).config;
}

async function launch(config: Config): Promise<{ cluster: Cluster; said: string[] }> {
  const said: string[] = [];
  const cluster = await launchCluster({ config, say: (line) => said.push(line) });
  afterTest(() => cluster.stop());
  return { cluster, said };
}

describe('in one process', () => {
  it('serves all eight over the memory bus, says so, and is found by its folder', async () => {
    const folder = temporaryFolder();
    const { cluster, said } = await launch(configOf(folder, { 'bus.kind': 'memory' }));
    expect(cluster.kind).toBe('memory');
    expect(said).toEqual(['As asked, all services run in this process, on the in-memory bus.']);
    expect(await findCluster(folder)).toMatchObject({ gateway: cluster.gateway, page: cluster.page, kind: 'memory', pid: process.pid });
    expect((await fetch(cluster.page)).ok).toBe(true);
    await cluster.stop();
    expect(await findCluster(folder)).toBeUndefined();
    expect(existsSync(join(folder, 'cluster.json'))).toBe(false);
  });

  it('takes other ports than a cluster that starts at the same moment', { timeout: 60_000 }, async () => {
    const [first, second] = await Promise.all([0, 1].map(() => launch(configOf(temporaryFolder(), { 'bus.kind': 'memory' }))));
    expect(first?.cluster.gateway).not.toBe(second?.cluster.gateway);
  });

  it('refuses several copies, for which it has no place', async () => {
    const config = configOf(temporaryFolder(), { 'bus.kind': 'memory', 'bus.replicas': 3 });
    await expect(launchCluster({ config, say: () => {} })).rejects.toThrow(
      /bus\.replicas is 3.*one store: set bus\.replicas to 1, or bus\.url/,
    );
  });

  it('refuses a nats-server that does not exist', async () => {
    const nowhere = { 'bus.serverBinary': '/nowhere/nats-server' };
    const config = configOf(temporaryFolder(), { 'bus.kind': 'nats', ...nowhere });
    await expect(launchCluster({ config, say: () => {} })).rejects.toThrow(/\/nowhere\/nats-server does not exist/);
  });
});

describe('the data folder', () => {
  it('belongs to one cluster; the lock of a dead one is taken over', async () => {
    const folder = temporaryFolder();
    const config = configOf(folder, { 'bus.kind': 'memory' });
    mkdirSync(folder, { recursive: true });
    for (const stale of ['{"pid": 99999999, "command": "node"}', `{"pid": ${process.pid}, "command": "another program"}`, '{"pid":']) {
      writeFileSync(join(folder, 'cluster.json'), stale);
      const { cluster } = await launch(config);
      await expect(launchCluster({ config, say: () => {} })).rejects.toMatchObject({
        code: 'failed_precondition',
        message: `${folder} is in use by the cluster of process ${process.pid}; stop it, or choose another folder with --data`,
      });
      await cluster.stop();
    }
  });

  it('keeps nothing of a cluster that could not start', async () => {
    const folder = temporaryFolder();
    const busy = createServer().listen(0, '127.0.0.1');
    await once(busy, 'listening');
    afterTest(() => busy.close());
    const { port } = busy.address() as AddressInfo;
    const config = configOf(folder, { 'bus.kind': 'memory', 'services.gateway.port': port });
    await expect(launchCluster({ config, say: () => {} })).rejects.toMatchObject({
      code: 'failed_precondition',
      message: `port ${port} on 127.0.0.1 is in use; set services.gateway.port to another port (0 = any free one)`,
    });
    expect(existsSync(join(folder, 'cluster.json'))).toBe(false);
  });
});

describe.skipIf(natsServer === undefined)('as processes', () => {
  it('serves all eight over NATS, starts a killed one again, and leaves nothing behind', { timeout: 60_000 }, async () => {
    const folder = temporaryFolder();
    const { cluster, said } = await launch(configOf(folder, { 'bus.kind': 'nats' }));
    const before = cluster.processes();
    expect(Object.keys(before).toSorted()).toEqual([...serviceNames, 'nats-server'].toSorted());

    for (const name of ['executor', 'nats-server'] as const) process.kill(before[name] ?? 0, 'SIGKILL');
    const isBack = (name: string) => ![undefined, before[name]].includes(cluster.processes()[name]);
    while (!isBack('executor') || !isBack('nats-server')) await systemClock.sleep(20);
    expect(said).toContainEqual(expect.stringMatching(/^executor ended \(killed by SIGKILL\); it starts again in 0\.25 s\.$/));
    expect(said).toContainEqual(expect.stringMatching(/^nats-server ended/));
    expect((await findCluster(folder))?.gateway).toBe(cluster.gateway);

    const pids = Object.values(cluster.processes());
    const url = /url: (nats:\S+)/.exec(readFileSync(join(folder, 'cluster.yaml'), 'utf8'))?.[1] ?? '';
    expect((await probeNats(url, 2000)).jetstream).toBe(true);
    await cluster.stop();
    expect(pids.filter(isAlive)).toEqual([]);
    await expect(probeNats(url, 500)).rejects.toMatchObject({ code: 'unavailable' });
    expect(readFileSync(join(folder, 'logs/gateway.log'), 'utf8')).toContain('gateway has stopped');
  });

  it('ends by itself when the launcher is killed, and the folder can be used again', { timeout: 60_000 }, async () => {
    const folder = temporaryFolder();
    const launcher = spawn(process.execPath, [join(import.meta.dirname, 'support/launch-and-wait.ts'), folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    afterTest(() => launcher.kill('SIGKILL'));
    const [chunk] = (await once(launcher.stdout, 'data')) as [Buffer];
    const processes = JSON.parse(chunk.toString()) as Record<string, number>;
    const services = serviceNames.map((name) => processes[name] ?? 0);
    expect(services).not.toContain(0);
    launcher.kill('SIGKILL');
    while (services.some(isAlive)) await systemClock.sleep(20);
    // The nats-server outlives the services by some seconds; who comes before its end, ends it.
    const { cluster } = await launch(configOf(folder, { 'bus.kind': 'nats' }));
    expect(cluster.kind).toBe('nats');
  });
});
