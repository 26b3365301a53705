import { encodeRunRecord, RedQueenError, rewardTellers, type RunRecord } from '@redqueen/core';
import { cpSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Recorder, temporaryFolder } from '@redqueen/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import type { PoolActor } from '../actors/actor.ts';
import { createMemoryBus } from '../bus/memory/memory-bus.ts';
import type { Bus } from '../bus/port.ts';
import { loadConfig, projectFolder } from '../config/load.ts';
import { loadRecipe } from '../config/recipes.ts';
import type { Config } from '../config/schema.ts';
import { createLogger, silentLogger, type Logger } from '../log/logger.ts';
import { runBucket } from '../runs/runs.ts';
import { serviceNames, type ServiceName } from '../rpc/definitions.ts';
import { healthProbe } from '../rpc/health.ts';
import { ensureKey, privateKeyFile, rewardKeysIn } from '../signing/key-folder.ts';
import { isSignedBundle, publicKeyOf } from '../signing/signatures.ts';
import { systemClock } from '../system/clock.ts';
import { startService, type RunningService } from './start-service.ts';
import type { CreateService, ServiceParts } from './types.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A configuration with every port free except those given, and a data folder of its own. */
function configWith(ports: Partial<Record<ServiceName, number>> = {}, more: Readonly<Record<string, unknown>> = {}): Config {
  const folder = temporaryFolder();
  cleanups.push(() => folder[Symbol.dispose]());
  const flags = Object.fromEntries(serviceNames.map((name) => [`services.${name}.port`, ports[name] ?? 0]));
  return loadConfig({ environment: {}, flags: { ...flags, dataDir: folder.path, ...more } }).config;
}

async function memoryBus(): Promise<Bus> {
  const bus = await createMemoryBus({ clock: systemClock, logger: silentLogger });
  cleanups.push(() => bus.close());
  return bus;
}

async function start(
  name: ServiceName,
  parts: Partial<ServiceParts>,
  { bus, config = configWith(), logger = silentLogger }: { bus: Bus; config?: Config; logger?: Logger },
): Promise<RunningService> {
  const create: CreateService = async () => ({ rpc: {}, dependencies: [], ...parts });
  const service = await startService(name, create, { config, bus, logger });
  cleanups.push(() => service.stop());
  return service;
}

function probeOf(service: RunningService) {
  const probe = healthProbe(`127.0.0.1:${service.port}`);
  cleanups.push(() => probe.close());
  return () => probe.check(2000);
}

describe('a service', () => {
  it('serves only once it is ready itself', async () => {
    const gate = Promise.withResolvers<void>();
    const service = await start('policy', { ready: () => gate.promise }, { bus: await memoryBus() });
    const check = probeOf(service);
    expect(await check()).toBe('NOT_SERVING');
    gate.resolve();
    await service.serving;
    expect(await check()).toBe('SERVING');
    expect(service.state).toBe('running');
  });

  it('serves only once the services that it depends on do, and no longer than they do', async () => {
    const bus = await memoryBus();
    const gate = Promise.withResolvers<void>();
    const policy = await start('policy', { ready: () => gate.promise }, { bus });
    const executor = await start('executor', { dependencies: ['policy'] }, { bus, config: configWith({ policy: policy.port }) });
    const check = probeOf(executor);
    expect(await check()).toBe('NOT_SERVING');
    gate.resolve();
    await executor.serving;
    expect(await check()).toBe('SERVING');
    await policy.stop();
    while ((await check()) === 'SERVING') await systemClock.sleep(20);
  });

  it('does not serve while the bus does not answer', async () => {
    const bus = await memoryBus();
    const closed = await createMemoryBus({ clock: systemClock, logger: silentLogger });
    await closed.close();
    const service = await start('policy', {}, { bus: closed });
    expect(await probeOf(service)()).toBe('NOT_SERVING');
    const ended = expect(service.serving).rejects.toMatchObject({ code: 'cancelled' });
    await service.stop();
    await ended;
    await (await start('policy', {}, { bus })).serving;
  });

  it('says why it never will', async () => {
    const failing = () => Promise.reject(new RedQueenError('not_found', 'model x does not exist'));
    const service = await start('policy', { ready: failing }, { bus: await memoryBus() });
    await expect(service.serving).rejects.toMatchObject({ code: 'not_found', message: 'model x does not exist' });
  });

  it('releases what it made where its port is in use, and names the setting', async () => {
    const bus = await memoryBus();
    const first = await start('policy', {}, { bus });
    let closed = false;
    const close = async () => {
      closed = true;
    };
    const second = start('policy', { close }, { bus, config: configWith({ policy: first.port }) });
    await expect(second).rejects.toMatchObject({ code: 'failed_precondition', message: expect.stringContaining('services.policy.port') });
    expect(closed).toBe(true);
  });

  it('drains in order: signal, calls, close; once', async () => {
    const events: string[] = [];
    const create: CreateService = async ({ signal }) => {
      signal.addEventListener('abort', () => events.push('signal'));
      return {
        rpc: {},
        dependencies: [],
        async close() {
          events.push('close');
        },
      };
    };
    const service = await startService('policy', create, { config: configWith(), bus: await memoryBus(), logger: silentLogger });
    await service.serving;
    const first = service.stop();
    expect(service.state).toBe('draining');
    expect(service.stop()).toBe(first);
    await first;
    expect(service.state).toBe('stopped');
    expect(events).toEqual(['signal', 'close']);
  });

  it('asks another service through the typed client', async () => {
    const bus = await memoryBus();
    const proposer = await start(
      'proposer',
      { rpc: { ProposerService: { Propose: async ({ family }) => ({ proposals: [{ text: family }] }) } } },
      { bus },
    );
    let answer: string | undefined;
    const create: CreateService = async ({ connect }) => ({
      rpc: {},
      dependencies: ['proposer'],
      ready: async () => {
        answer = (await connect('proposer').Propose({ family: 'add' })).proposals[0]?.text;
      },
    });
    const service = await startService('gateway', create, { config: configWith({ proposer: proposer.port }), bus, logger: silentLogger });
    cleanups.push(() => service.stop());
    await service.serving;
    expect(answer).toBe('add');
  });

  it('works on a run while it is under way, tells of its hosts, and lets go when the run or the service ends', async () => {
    const bus = await memoryBus();
    const recipe = loadRecipe('default', join(projectFolder, 'config/recipes'));
    const runs = await bus.keyValue('rq-runs');
    const put = (status: RunRecord['status']) =>
      runs.put('r', Buffer.from(encodeRunRecord({ run: 'r', recipe, seed: 1, updates: 1, status, startedAt: 0 })));
    const events: string[] = [];
    const echo: PoolActor = {
      type: 'pool',
      address: { role: 'executor', key: '0' },
      concurrency: 1,
      receive: async (message) =>
        message.kind === 'control' ? [{ to: { role: 'gateway', key: '0' }, kind: 'control', body: { command: 'start' } }] : [],
    };
    const parts: Partial<ServiceParts> = {
      actors: () => [echo],
      attached: ({ run }, hosts) => events.push(`attached ${run} ${hosts[0]?.address.role}`),
      detached: (run) => events.push(`detached ${run}`),
    };
    const service = await start('executor', parts, { bus });
    await service.serving;
    await put('running');
    await bus.openRun('r');
    const control = { kind: 'control', body: { command: 'start' } } as const;
    await bus.publish({
      id: 'first',
      run: 'r',
      from: { role: 'gateway', key: '0' },
      to: echo.address,
      cause: '',
      traceparent: '',
      ...control,
    });
    for await (const { message } of bus.read('r', { from: 1, follow: true })) if (message.cause === 'first') break;
    expect(service.runs).toEqual(['r']);

    await put('stopped');
    while (!events.includes('detached r')) await systemClock.sleep(5);
    await put('running');
    while (events.length < 3) await systemClock.sleep(5);
    await service.stop();
    expect(events).toEqual(['attached r executor', 'detached r', 'attached r executor', 'detached r']);
    expect(service.runs).toEqual([]);
  });
});

describe('the key of a service that tells rewards', () => {
  const recipe = loadRecipe('default', join(projectFolder, 'config/recipes'));
  const attempt = { kind: 'attempts', body: { taskId: '0.0.0' } } as const;
  const address = { role: 'verifier', key: '0' };
  const teller: PoolActor = {
    type: 'pool',
    address,
    concurrency: 1,
    receive: async () => [
      { to: { role: 'reward-aggregator', key: '0' }, kind: 'rewards', body: { episodeId: '0.0.0', teller: 'verifier/0' } },
    ],
  };

  async function signedRun(bus: Bus, keysFolder: string): Promise<RunRecord> {
    for (const service of rewardTellers) ensureKey(keysFolder, service);
    const rewardKeys = rewardKeysIn(keysFolder);
    const record: RunRecord = { run: 'r', recipe, seed: 1, updates: 1, status: 'running', startedAt: 0, rewardKeys };
    await bus.openRun('r');
    await (await bus.keyValue(runBucket)).put('r', Buffer.from(encodeRunRecord(record)));
    await bus.publish({ id: 'first', run: 'r', from: { role: 'executor', key: '0' }, to: address, cause: '', traceparent: '', ...attempt });
    return record;
  }

  it('is made when it starts, unless rewards are not signed; no other service has one', async () => {
    const bus = await memoryBus();
    const config = configWith();
    await start('verifier', {}, { bus, config });
    await start('executor', {}, { bus, config });
    expect(readdirSync(config.signing.keysFolder).sort()).toEqual(['verifier.key', 'verifier.pub']);
    const off = configWith({}, { 'signing.rewards': 'off' });
    await start('verifier', {}, { bus, config: off });
    expect(existsSync(off.signing.keysFolder)).toBe(false);
  });

  it('signs what its actors tell in a run with keys', async () => {
    const bus = await memoryBus();
    const config = configWith();
    const record = await signedRun(bus, config.signing.keysFolder);
    await start('verifier', { actors: () => [teller] }, { bus, config });
    for await (const { message } of bus.read('r', { from: 1, follow: true })) {
      if (message.kind !== 'rewards') continue;
      expect(isSignedBundle('r', message.body, publicKeyOf(record.rewardKeys?.verifier ?? ''))).toBe(true);
      break;
    }
  });

  it('that is not that of the run keeps the service from the run, loudly, until the right one is back', async () => {
    const bus = await memoryBus();
    const [config, other] = [configWith(), configWith()];
    await signedRun(bus, config.signing.keysFolder);
    const log = new Recorder<{ level: string; msg: string }>();
    const logger = createLogger({
      level: 'info',
      destination: { write: (line) => log.record(JSON.parse(line) as { level: string; msg: string }) },
    });
    const service = await start('verifier', { actors: () => [teller] }, { bus, config: other, logger });
    const file = privateKeyFile(other.signing.keysFolder, 'verifier');
    const [said] = (await log.until((lines) => lines.some(({ level }) => level === 'error'))).filter(({ level }) => level === 'error');
    expect(said?.msg).toMatch(
      `cannot work on run r yet: ${file} (signing.keysFolder) is not the key of verifier that run r was started with`,
    );
    expect(await bus.lastSequence('r')).toBe(1);
    cpSync(config.signing.keysFolder, other.signing.keysFolder, { recursive: true });
    await log.until((lines) => lines.some(({ msg }) => msg === 'attached to run r'));
    for await (const { message } of bus.read('r', { from: 1, follow: true })) if (message.kind === 'rewards') break;
    expect(service.runs).toEqual(['r']);
  });
});
