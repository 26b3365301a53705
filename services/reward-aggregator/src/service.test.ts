import type { Message, MessageInput, Settlement } from '@redqueen/contract';
import { encodeRunRecord, type RunRecord } from '@redqueen/core';
import {
  connectRpc,
  createMemoryBus,
  loadConfig,
  serviceNames,
  silentLogger,
  startService,
  systemClock,
  type Bus,
  type RunningService,
} from '@redqueen/runtime';
import { temporaryFolder, within, type TemporaryFolder } from '@redqueen/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { rulesOf } from './rules.ts';
import { createRewardAggregator } from './service.ts';
import { foldAll, inOrder, recordWith, released, run, start, type Plan } from './test-support.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const plan: Plan = { proposal: 'valid', outcomes: [1, 0, 0, 1], confidences: [0.8, 0.3], predictions: [[1, 0]] };
const plans: Plan[] = [plan, { ...plan, proposal: 'malformed' }, { ...plan, outcomes: [0, 0, 0, 1] }, plan];

async function busWith(record: RunRecord): Promise<Bus> {
  const bus = await createMemoryBus({ clock: systemClock, logger: silentLogger });
  cleanups.push(() => bus.close());
  await bus.openRun(run);
  await (await bus.keyValue('rq-runs')).put(run, Buffer.from(encodeRunRecord(record)));
  return bus;
}

const folders = new Map<Bus, TemporaryFolder>();
afterEach(() => {
  for (const folder of folders.values()) folder[Symbol.dispose]();
  folders.clear();
});

/** A data folder for each bus. */
function folderOf(bus: Bus): string {
  const folder = folders.get(bus) ?? temporaryFolder();
  folders.set(bus, folder);
  return folder.path;
}

async function serve(bus: Bus): Promise<RunningService> {
  const flags = Object.fromEntries(serviceNames.map((name) => [`services.${name}.port`, 0]));
  const { config } = loadConfig({ environment: {}, flags: { ...flags, dataDir: folderOf(bus) } });
  const service = await startService('reward-aggregator', createRewardAggregator, { config, bus, logger: silentLogger });
  cleanups.push(() => service.stop());
  await within(service.serving, 'the service to serve');
  return service;
}

/** What the aggregator told, once `count` settlements are on the stream. */
async function told(bus: Bus, count: number): Promise<Message[]> {
  const messages: Message[] = [];
  const enough = new AbortController();
  const read = async (): Promise<void> => {
    let settlements = 0;
    for await (const { message } of bus.read(run, { from: 1, follow: true, signal: enough.signal })) {
      if (message.from.role !== 'reward-aggregator' || message.kind === 'expired') continue;
      messages.push(message);
      if (message.kind === 'settlement') settlements += 1;
      if (settlements === count) return;
    }
  };
  try {
    await within(read(), `${count} settlements; there are ${messages.length} messages`);
  } finally {
    enough.abort();
  }
  return messages;
}

async function publish(bus: Bus, messages: readonly Message[]): Promise<void> {
  for (const message of messages) await bus.publish(message as MessageInput);
}

const digests = (messages: readonly Message[]) => messages.flatMap((one) => (one.kind === 'settlement' ? [one.body.digest] : []));

describe('the reward aggregator service', () => {
  it('settles what is told on the stream as the fold does, over the bus', async () => {
    const record = recordWith();
    const bus = await busWith(record);
    await serve(bus);
    const stream = [...start(), ...inOrder('0.0', plans), ...inOrder('0.1', plans)];
    await publish(bus, stream);
    const pure = foldAll(stream, rulesOf(record));
    const messages = await told(bus, pure.settlements.length);
    expect(digests(messages)).toEqual(pure.settlements.map(({ digest }) => digest));
    expect(messages.filter(({ kind }) => kind === 'settlement').every(({ to }) => to.role === 'curriculum')).toBe(true);
    expect(messages.filter(({ kind }) => kind === 'batch').every(({ to }) => to.role === 'policy')).toBe(true);
  });

  it('goes on after it was stopped half-way, and tells nothing twice', async () => {
    const record = recordWith();
    const bus = await busWith(record);
    const stream = [...start(), ...inOrder('0.0', plans), released('executor/0', 1), ...inOrder('0.1', plans)];
    const half = start().length + 12;
    const first = await serve(bus);
    await publish(bus, stream.slice(0, half));
    await first.stop();
    await publish(bus, stream.slice(half));
    await serve(bus);
    const pure = foldAll(stream, rulesOf(record));
    expect(digests(await told(bus, pure.settlements.length))).toEqual(pure.settlements.map(({ digest }) => digest));
  });

  it('answers with its state, and where a number came from', async () => {
    const bus = await busWith(recordWith());
    const service = await serve(bus);
    const client = connectRpc('RewardAggregatorService', `127.0.0.1:${service.port}`);
    cleanups.push(() => client.close());
    await publish(bus, [...start(), ...inOrder('0.0', [plan])]);
    const messages = await told(bus, 2);
    const settled = messages.find((one) => one.kind === 'settlement')?.body as Settlement;
    const state = await client.State({ run });
    expect(state).toMatchObject({ open: 0, settled: 2, voided: 0, refused: 0, digest: digests(messages).at(-1) });
    expect(state.sequence).toBeGreaterThan(0);
    const explained = await client.Explain({ run, episodeId: '0.0.0' });
    expect(explained.events.map(({ body }) => body)).toEqual(['slot', 'task', 'rewards', 'attempts', 'verdicts', 'rewards', 'settlement']);
    expect(explained.settlement).toEqual(settled);
    expect((await client.Explain({ run, episodeId: '0.0.0/w' })).events.map(({ body }) => body)).toEqual([
      'slot',
      'task',
      'transitions',
      'predictions',
      'rewards',
      'settlement',
    ]);
    await expect(client.Explain({ run, episodeId: '9.9.9' })).rejects.toMatchObject({ code: 'not_found' });
    await expect(client.State({ run: 'another' })).rejects.toMatchObject({ code: 'failed_precondition' });
  });

  it('makes an episode void that misses something for too long', async () => {
    const bus = await busWith(recordWith({ episodeTimeoutSeconds: 0.2 }));
    await serve(bus);
    await publish(bus, [...start(), ...inOrder('0.0', [plan]).filter(({ id }) => id !== '0.0.0-verdicts')]);
    const bodies = (await told(bus, 2)).map((one) => one.body as Settlement);
    expect(bodies.find(({ episodeId }) => episodeId === '0.0.0')).toMatchObject({
      status: 'SETTLEMENT_STATUS_VOID',
      reason: 'expired: the verdicts never came',
    });
  });
});
