// What only a real server that dies, hangs or lacks JetStream can show.
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { addressOf } from '@redqueen/contract';
import { knobMessage, knobValue, Recorder, startTestNats, within, type TestNats } from '@redqueen/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../log/logger.ts';
import { systemClock } from '../../system/clock.ts';
import type { Bus } from '../port.ts';
import { createNatsBus, type NatsBusOptions } from './nats-bus.ts';

const executor = addressOf('executor/0');
const run = 'r1';
const disposals: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const dispose of disposals.splice(0).toReversed()) await dispose();
});

async function server(options?: Parameters<typeof startTestNats>[0]): Promise<TestNats> {
  const nats = await startTestNats(options);
  disposals.push(() => nats.close());
  return nats;
}

async function connected(nats: TestNats, options: Partial<NatsBusOptions> = {}): Promise<Bus> {
  const bus = await createNatsBus({ url: nats.url, name: 'test', clock: systemClock, logger: silentLogger, ...options });
  disposals.push(() => bus.close());
  await bus.openRun(run);
  return bus;
}

const values = (count: number) => Array.from({ length: count }, (_, value) => value);

async function stored(bus: Bus): Promise<number[]> {
  const found: number[] = [];
  for await (const { message } of bus.read(run, { from: 1, follow: false })) found.push(knobValue(message));
  return found;
}

describe('a server that is killed and started again', () => {
  it('loses, repeats and reorders nothing that is published meanwhile', async () => {
    const nats = await server();
    const bus = await connected(nats);
    const confirmed = new Recorder<number>();
    const publications = values(3000).map(async (value) => {
      await bus.publish(knobMessage({ run, id: `m${value}`, value }));
      confirmed.record(value);
    });
    await confirmed.count(300);
    await nats.kill();
    const later = values(200).map((value) => bus.publish(knobMessage({ run, id: `later${value}`, value: 3000 + value })));
    expect(await bus.healthy()).toBe(false);
    await nats.restart();
    await within(Promise.all([...publications, ...later]), 'every confirmation');
    expect(await stored(bus)).toEqual(values(3200));
    expect(await bus.healthy()).toBe(true);
  });

  it('goes on delivering, reading and watching', async () => {
    const nats = await server();
    const bus = await connected(nats);
    const stop = new AbortController();
    const [delivered, read, watched] = [new Recorder<number>(), new Recorder<number>(), new Recorder<string>()];
    // A killed server forgets the acknowledgements of its last moments: those messages come again after this time.
    const mailbox = await bus.mailbox(run, executor, { maxInFlight: 50, ackWaitMs: 500 });
    const bucket = await bus.keyValue('watched');
    const ends = Promise.all([
      (async () => {
        for await (const delivery of mailbox) {
          await delivery.acknowledge();
          if (delivery.message) delivered.record(knobValue(delivery.message));
        }
      })(),
      (async () => {
        for await (const { message } of bus.read(run, { from: 1, follow: true, signal: stop.signal })) read.record(knobValue(message));
      })(),
      (async () => {
        for await (const { key } of bucket.watch(stop.signal)) watched.record(key);
      })(),
    ]);
    const publish = (from: number) =>
      Promise.all(values(100).map((value) => bus.publish(knobMessage({ run, id: `m${from + value}`, value: from + value }))));
    await publish(0);
    await bucket.put('before', new Uint8Array([1]));
    await Promise.all([delivered.count(100), read.count(100), watched.count(1)]);
    await nats.kill();
    await nats.restart();
    await publish(100);
    await bucket.put('after', new Uint8Array([1]));
    await Promise.all([read.count(200), watched.count(2)]);
    await delivered.until((seen) => new Set(seen).size === 200);
    expect(read.events).toEqual(values(200));
    expect(watched.events).toEqual(['before', 'after']);
    stop.abort();
    await mailbox.close();
    await within(ends, 'the end of all three');
  });
});

describe('a consumer that was deleted', () => {
  it('is made anew; what was acknowledged comes again, for nobody knows it any more', async () => {
    const nats = await server();
    const bus = await connected(nats);
    const delivered = new Recorder<number>();
    const mailbox = await bus.mailbox(run, executor, { maxInFlight: 50, ackWaitMs: 30_000 });
    const ended = (async () => {
      for await (const delivery of mailbox) {
        delivered.record(delivery.sequence);
        await delivery.acknowledge();
      }
    })();
    await bus.publish(knobMessage({ run, id: 'a' }));
    await delivered.count(1);
    const connection = await connect({ servers: nats.url });
    await (await jetstreamManager(connection)).consumers.delete('rq-r1', 'executor_0');
    await connection.close();
    await bus.publish(knobMessage({ run, id: 'b' }));
    expect(await delivered.count(3)).toEqual([1, 1, 2]);
    await mailbox.close();
    await within(ended, 'the end of the mailbox');
  });
});

describe('a server that hangs', () => {
  it('holds publications back within a bound, refuses more, and stores those it took once it answers', async () => {
    const nats = await server();
    const bus = await connected(nats);
    nats.pause();
    const outcomes = values(17_000).map((value) =>
      bus.publish(knobMessage({ run, id: `m${value}`, value })).then(
        () => 'stored',
        (reason: { code: string }) => reason.code,
      ),
    );
    await expect(within(outcomes[16_999] ?? Promise.resolve(''), 'the refusal')).resolves.toBe('resource_exhausted');
    nats.resume();
    const all = await within(Promise.all(outcomes), 'the others', 20_000);
    const taken = all.filter((outcome) => outcome === 'stored').length;
    expect(taken).toBe(16_384 + 256);
    expect(await bus.lastSequence(run)).toBe(taken);
  });

  it('fails a publication whose time is up', async () => {
    const nats = await server();
    const bus = await connected(nats, { publishTimeoutMs: 300 });
    nats.pause();
    await expect(bus.publish(knobMessage({ run, id: 'm' }))).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    nats.resume();
  });
});

describe('what cannot work', () => {
  it('refuses a server without JetStream and says how to start one', async () => {
    const nats = await server({ jetStream: false });
    const opened = createNatsBus({ url: nats.url, name: 'test', clock: systemClock, logger: silentLogger });
    await expect(opened).rejects.toMatchObject({ code: 'failed_precondition' });
    await expect(opened).rejects.toThrow(/runs without JetStream.*nats-server -js/);
  });

  it('says where it looked when nobody answers', async () => {
    const opened = createNatsBus({
      url: 'nats://127.0.0.1:1',
      name: 'test',
      clock: systemClock,
      logger: silentLogger,
      connectTimeoutMs: 1,
    });
    await expect(opened).rejects.toMatchObject({ code: 'unavailable' });
    await expect(opened).rejects.toThrow(/127\.0\.0\.1:1/);
  });

  it('refuses a message larger than the server takes', async () => {
    const bus = await connected(await server());
    const large = bus.publish(knobMessage({ run, id: 'large', name: 'x'.repeat(2_000_000) }));
    await expect(large).rejects.toMatchObject({ code: 'invalid_argument' });
    expect(await bus.publish(knobMessage({ run, id: 'small' }))).toEqual({ sequence: 1, duplicate: false });
  });

  it('fails what waits when it is closed, and ends what iterates', async () => {
    const nats = await server();
    const bus = await connected(nats);
    const mailbox = await bus.mailbox(run, executor, { maxInFlight: 5, ackWaitMs: 30_000 });
    const delivered = new Recorder<number>();
    const ended = (async () => {
      for await (const delivery of mailbox) delivered.record(delivery.sequence);
    })();
    await bus.publish(knobMessage({ run, id: 'first' }));
    await delivered.count(1);
    nats.pause();
    const waiting = bus.publish(knobMessage({ run, id: 'm' }));
    const refused = expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    await bus.close();
    await refused;
    await within(ended, 'the end of the mailbox');
    nats.resume();
  });
});
