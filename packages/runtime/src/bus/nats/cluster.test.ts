// What only a cluster of real servers can show: copies, leaders that die, and a majority that is missing.
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { addressOf } from '@redqueen/contract';
import { knobMessage, knobValue, startTestCluster, startTestNats, within, type TestCluster } from '@redqueen/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../log/logger.ts';
import { systemClock } from '../../system/clock.ts';
import type { Bus } from '../port.ts';
import { createNatsBus } from './nats-bus.ts';

let cluster: TestCluster;
const open: Bus[] = [];

beforeAll(async () => {
  cluster = await startTestCluster();
});

afterAll(async () => {
  for (const bus of open) await bus.close();
  await cluster.close();
});

async function connected(replicas = 3, url = cluster.url): Promise<Bus> {
  const bus = await createNatsBus({ url, replicas, name: 'test', clock: systemClock, logger: silentLogger });
  open.push(bus);
  return bus;
}

const values = (count: number) => Array.from({ length: count }, (_, value) => value);

async function copies(): Promise<Record<string, number>> {
  const connection = await connect({ servers: cluster.url.split(',') });
  try {
    const manager = await jetstreamManager(connection);
    const found: Record<string, number> = {};
    for await (const name of manager.streams.names()) {
      const { config } = await manager.streams.info(name);
      found[name] = config.num_replicas;
      for await (const consumer of manager.consumers.list(config.name)) {
        if (consumer.config.durable_name) found[`${config.name} ${consumer.name}`] = consumer.cluster?.replicas?.length ?? 0;
      }
    }
    return found;
  } finally {
    await connection.close();
  }
}

describe('bus.replicas', () => {
  it('holds for streams, mailboxes and buckets, also for those that were made with fewer', async () => {
    const bus = await connected(1);
    await bus.openRun('grown');
    await bus.keyValue('grown');
    await bus.objects('grown');
    const three = await connected(3);
    for (const run of ['grown', 'born']) {
      await three.openRun(run);
      await three.mailbox(run, addressOf('executor/0'), { maxInFlight: 5, ackWaitMs: 5000 });
    }
    await three.keyValue('grown');
    await three.objects('grown');
    expect(await copies()).toEqual({
      'rq-grown': 3,
      'rq-grown executor_0': 2,
      'rq-born': 3,
      'rq-born executor_0': 2,
      KV_grown: 3,
      OBJ_grown: 3,
    });
    // A server calls itself unhealthy for as long as one of its idle copies of a consumer has heard nothing.
    await Promise.all(['grown', 'born'].map((run) => three.storage(run).delete()));
  });

  it('says what to change where there is no cluster, or one with too few servers', async () => {
    const alone = await startTestNats();
    try {
      const refused = connected(3, alone.url);
      await expect(refused).rejects.toMatchObject({ code: 'failed_precondition' });
      await expect(refused).rejects.toThrow(/bus\.replicas is 3.*is no cluster: set bus\.replicas to 1/);
    } finally {
      await alone.close();
    }
    const five = await connected(5);
    await expect(five.openRun('five')).rejects.toThrow(/fewer servers than bus\.replicas asks for.*start more servers, or lower/);
  }, 60_000);
});

describe('compare-and-set in a cluster (A1)', () => {
  it('lets one of two win, however close they come, also where both write the same', async () => {
    const buckets = await Promise.all([connected(), connected()].map(async (bus) => (await bus).keyValue('race')));
    let revision = 0;
    for (const round of values(150)) {
      const value = new TextEncoder().encode(round % 2 === 0 ? 'the same' : `${round}`);
      const attempts = buckets.map((bucket) => (revision === 0 ? bucket.create('key', value) : bucket.update('key', value, revision)));
      const outcomes = await Promise.allSettled(attempts);
      const won = outcomes.filter((outcome) => outcome.status === 'fulfilled');
      expect(won, `round ${round}`).toHaveLength(1);
      expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'aborted' } });
      revision = won[0]?.value ?? 0;
      expect((await buckets[round % 2]?.get('key'))?.revision).toBe(revision);
    }
  });
});

describe('a leader that is killed', () => {
  it('takes nothing confirmed along, doubles nothing, and no sender is overtaken by itself (A6)', async () => {
    const [writer, reader] = [await connected(), await connected()];
    await Promise.all([writer.openRun('kills'), reader.openRun('kills')]);
    const leader = await cluster.leaderOf('rq-kills');
    const publish = (value: number) => writer.publish(knobMessage({ run: 'kills', id: `m${value}`, value }));
    await publish(0);
    const before = values(200).map((value) => publish(1 + value));
    await leader?.kill();
    const after = values(200).map((value) => publish(201 + value));
    const confirmed = await within(Promise.all([...before, ...after]), 'every confirmation', 25_000);
    await leader?.restart();
    const stored: number[] = [];
    for await (const { message } of reader.read('kills', { from: 1, follow: false })) stored.push(knobValue(message));
    expect(stored).toEqual(values(401));
    expect(confirmed.map(({ sequence }) => sequence)).toEqual(values(400).map((value) => value + 2));
  }, 60_000);
});

describe('a cluster without a majority', () => {
  it('is not healthy, keeps what is published for later, and is healthy again', async () => {
    await cluster.settled();
    const bus = await connected(3, cluster.nodes[0]?.url);
    await bus.openRun('minority');
    const others = cluster.nodes.slice(1);
    for (const node of others) await node.kill();
    while (await bus.healthy());
    const waiting = bus.publish(knobMessage({ run: 'minority', id: 'm' }));
    for (const node of others) await node.restart();
    expect(await within(waiting, 'the confirmation', 25_000)).toEqual({ sequence: 1, duplicate: false });
    while (!(await bus.healthy()));
  }, 60_000);
});
