// What both buses promise, whoever implements them.
import { addressOf } from '@redqueen/contract';
import type { Bus, Delivery, Mailbox, StoredMessage } from '@redqueen/runtime';
import { knobMessage, knobValue, Recorder, within } from '@redqueen/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { busKinds, type BusUnderTest } from './support/buses.ts';

const executor = addressOf('executor/0');
const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = (value: Uint8Array | undefined) => value && new TextDecoder().decode(value);

async function stored(bus: Bus, run: string, from = 1): Promise<StoredMessage[]> {
  const found: StoredMessage[] = [];
  for await (const message of bus.read(run, { from, follow: false })) found.push(message);
  return found;
}

/** Takes deliveries of a mailbox one by one. */
function taker(mailbox: Mailbox): () => Promise<Delivery> {
  const deliveries = mailbox[Symbol.asyncIterator]();
  return async () => {
    const next = await within(deliveries.next(), 'a delivery');
    if (next.done) throw new Error('the mailbox has ended');
    return next.value;
  };
}

describe.each(busKinds)('$name bus', ({ name, open }) => {
  let subject: BusUnderTest;
  let bus: Bus;
  let runs = 0;

  beforeAll(async () => {
    subject = await open();
    bus = subject.bus;
  });
  afterAll(() => subject?.close());

  async function freshRun(): Promise<string> {
    const run = `bus-${++runs}`;
    await bus.openRun(run);
    return run;
  }

  it('numbers messages from 1 and reads them back, through the wire codec', async () => {
    const run = await freshRun();
    expect(await bus.lastSequence(run)).toBe(0);
    const { value: _left, ...body } = { name: 'sparse', value: 1 };
    const sent = { ...knobMessage({ run, id: 'a' }), kind: 'knob' as const, body };
    expect(await bus.publish(sent)).toEqual({ sequence: 1, duplicate: false });
    const [read] = await stored(bus, run);
    expect(read?.sequence).toBe(1);
    expect(read?.message.body).toEqual({ name: 'sparse', value: 0, by: '', reason: '' });
    expect(read?.message.id).toBe('a');
    expect(Math.abs((read?.storedAt ?? 0) - Date.now())).toBeLessThan(3_600_000);
  });

  it('opens a run twice without harm and refuses one that was never opened', async () => {
    const run = await freshRun();
    await bus.publish(knobMessage({ run, id: 'a' }));
    await bus.openRun(run);
    expect(await bus.lastSequence(run)).toBe(1);
    await expect(bus.publish(knobMessage({ run: 'nobody-opened-this', id: 'a' }))).rejects.toMatchObject({ code: 'not_found' });
  });

  it('stores an id once, however often and in whatever order it is repeated', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(9), { minLength: 1, maxLength: 40 }), async (ids) => {
        const run = await freshRun();
        const results = await Promise.all(ids.map((id) => bus.publish(knobMessage({ run, id: `id${id}`, value: id }))));
        const firsts = [...new Set(ids)];
        expect((await stored(bus, run)).map(({ message }) => knobValue(message))).toEqual(firsts);
        for (const [index, id] of ids.entries()) expect(results[index]?.sequence).toBe(firsts.indexOf(id) + 1);
        expect(results.filter((result) => !result.duplicate)).toHaveLength(firsts.length);
      }),
      { numRuns: 15 },
    );
  });

  it('keeps the order of publication of a sender that does not wait', async () => {
    const run = await freshRun();
    await Promise.all(Array.from({ length: 1500 }, (_, value) => bus.publish(knobMessage({ run, id: `m${value}`, value }))));
    expect((await stored(bus, run)).map(({ message }) => knobValue(message))).toEqual(Array.from({ length: 1500 }, (_, value) => value));
    expect((await stored(bus, run, 1499)).map(({ sequence }) => sequence)).toEqual([1499, 1500]);
    expect(await stored(bus, run, 1501)).toEqual([]);
  });

  it('reads what is addressed to one actor, and follows', async () => {
    const run = await freshRun();
    const tos = ['executor/0', 'verifier/0', 'executor/0', 'executor/1'];
    for (const [value, to] of tos.entries()) await bus.publish(knobMessage({ run, id: `m${value}`, value, to }));
    const seen = new Recorder<number>();
    const stop = new AbortController();
    const following = (async () => {
      for await (const { message } of bus.read(run, { from: 1, to: executor, follow: true, signal: stop.signal }))
        seen.record(knobValue(message));
    })();
    await seen.count(2);
    await bus.publish(knobMessage({ run, id: 'later', value: 9 }));
    expect(await seen.count(3)).toEqual([0, 2, 9]);
    stop.abort();
    await within(following, 'the end of the reading');
    const nobody: StoredMessage[] = [];
    for await (const message of bus.read(run, { from: 1, to: addressOf('policy/0'), follow: false })) nobody.push(message);
    expect(nobody).toEqual([]);
  });

  it('skips a message that cannot be read, and says so', async () => {
    const run = await freshRun();
    await bus.publish(knobMessage({ run, id: 'a' }));
    await subject.storeGarbage(run, 'executor/0');
    await bus.publish(knobMessage({ run, id: 'b' }));
    const unreadable: number[] = [];
    const read: string[] = [];
    for await (const { message } of bus.read(run, { from: 1, follow: false, onUnreadable: (sequence) => unreadable.push(sequence) }))
      read.push(message.id);
    expect(read).toEqual(['a', 'b']);
    expect(unreadable).toEqual([2]);
  });

  it('delivers until acknowledged, gives back, and counts deliveries', async () => {
    const run = await freshRun();
    await bus.publish(knobMessage({ run, id: 'a' }));
    const mailbox = await bus.mailbox(run, executor, { maxInFlight: 10, ackWaitMs: 60_000 });
    const take = taker(mailbox);
    const first = await take();
    expect([first.sequence, first.deliveries, first.message?.id]).toEqual([1, 1, 'a']);
    first.giveBack(0);
    const second = await take();
    expect([second.sequence, second.deliveries]).toEqual([1, 2]);
    await second.acknowledge();
    await bus.publish(knobMessage({ run, id: 'b' }));
    const third = await take();
    expect(third.message?.id).toBe('b');
    third.terminate();
    await bus.publish(knobMessage({ run, id: 'c' }));
    const fourth = await take();
    expect(fourth.message?.id).toBe('c');
    await fourth.acknowledge();
    await mailbox.close();
  });

  it('delivers again what nobody acknowledged in time', async () => {
    const run = await freshRun();
    await bus.publish(knobMessage({ run, id: 'a' }));
    const mailbox = await bus.mailbox(run, executor, { maxInFlight: 10, ackWaitMs: 150 });
    const take = taker(mailbox);
    expect((await take()).deliveries).toBe(1);
    const again = await take();
    expect(again.deliveries).toBe(2);
    await again.acknowledge();
    await mailbox.close();
  });

  it('A4 bounded: no more than maxInFlight deliveries are unacknowledged, over all replicas', async () => {
    const run = await freshRun();
    for (let value = 0; value < 12; value++) await bus.publish(knobMessage({ run, id: `m${value}`, value }));
    const options = { maxInFlight: 3, ackWaitMs: 60_000 };
    const mailboxes = [await bus.mailbox(run, executor, options), await bus.mailbox(run, executor, options)];
    const seen = new Recorder<Delivery>();
    const reading = mailboxes.map(async (mailbox) => {
      for await (const delivery of mailbox) seen.record(delivery);
    });
    for (let done = 0; done < 12; done++) {
      await seen.count(Math.min(12, done + 3));
      expect(seen.events.length - done).toBeLessThanOrEqual(3);
      await seen.events[done]?.acknowledge();
    }
    expect(seen.events.map((delivery) => delivery.sequence).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 12 }, (_, index) => index + 1),
    );
    await Promise.all(mailboxes.map((mailbox) => mailbox.close()));
    await within(Promise.all(reading), 'the end of both mailboxes');
  });

  it('compares and sets values', async () => {
    const bucket = await bus.keyValue('conformance');
    const first = await bucket.create('a.b', bytes('1'));
    await expect(bucket.create('a.b', bytes('2'))).rejects.toMatchObject({ code: 'aborted' });
    const second = await bucket.update('a.b', bytes('3'), first);
    expect(second).toBeGreaterThan(first);
    await expect(bucket.update('a.b', bytes('4'), first)).rejects.toMatchObject({ code: 'aborted' });
    expect(textOf((await bucket.get('a.b'))?.value)).toBe('3');
    await bucket.put('c', bytes('5'));
    expect(await bucket.keys()).toEqual(['a.b', 'c']);
    await bucket.delete('a.b');
    expect(await bucket.get('a.b')).toBeUndefined();
    expect(await bucket.keys()).toEqual(['c']);
    await bucket.create('a.b', bytes('6'));
    expect(textOf((await bucket.get('a.b'))?.value)).toBe('6');
    expect(await bucket.get('nothing')).toBeUndefined();
  });

  it('lets one of many win a compare-and-set', async () => {
    const bucket = await bus.keyValue('conformance-race');
    const revision = await bucket.create('key', bytes('0'));
    const tries = await Promise.allSettled(Array.from({ length: 8 }, (_, index) => bucket.update('key', bytes(`${index}`), revision)));
    expect(tries.filter((attempt) => attempt.status === 'fulfilled')).toHaveLength(1);
  });

  it('watches values: what is there, then every change, deletions as empty values', async () => {
    const bucket = await bus.keyValue('conformance-watch');
    await bucket.put('a', bytes('1'));
    const seen = new Recorder<string>();
    const stop = new AbortController();
    const watching = (async () => {
      for await (const { key, value } of bucket.watch(stop.signal)) seen.record(`${key}=${textOf(value)}`);
    })();
    await seen.count(1);
    await bucket.put('b', bytes('2'));
    await seen.count(2);
    await bucket.delete('a');
    expect(await seen.count(3)).toEqual(['a=1', 'b=2', 'a=']);
    stop.abort();
    await within(watching, 'the end of the watch');
  });

  it('stores objects of any size', async () => {
    const objects = await bus.objects('conformance');
    const large = Uint8Array.from({ length: 1_500_000 }, (_, index) => index % 251);
    await objects.put('large', large);
    await objects.put('empty', new Uint8Array());
    await objects.put('large', large.toReversed());
    expect(Buffer.compare((await objects.get('large')) ?? bytes(''), large.toReversed())).toBe(0);
    expect((await objects.get('empty'))?.length).toBe(0);
    expect(await objects.get('nothing')).toBeUndefined();
    expect(await objects.list()).toEqual(['empty', 'large']);
    await objects.delete('large');
    await objects.delete('nothing');
    expect(await objects.list()).toEqual(['empty']);
  });

  it('ends every iteration when it is closed, and refuses everything after', async () => {
    const other = await open();
    await other.bus.openRun('closed');
    const bucket = await other.bus.keyValue('closed');
    const mailbox = await other.bus.mailbox('closed', executor, { maxInFlight: 3, ackWaitMs: 60_000 });
    const never = new AbortController().signal;
    const started = new Recorder<string>();
    const iterate = async (items: AsyncIterable<unknown>, what: string) => {
      for await (const _item of items) started.record(what);
    };
    const ends = [
      iterate(mailbox, 'mailbox'),
      iterate(bucket.watch(never), 'watch'),
      iterate(other.bus.read('closed', { from: 1, follow: true }), 'read'),
    ];
    await other.bus.publish(knobMessage({ run: 'closed', id: 'a' }));
    await bucket.put('a', bytes('1'));
    await started.count(3);
    await other.bus.close();
    await within(Promise.all(ends), 'the end of all three');
    await expect(other.bus.publish(knobMessage({ run: 'closed', id: 'b' }))).rejects.toMatchObject({ code: 'cancelled' });
    await expect(bucket.put('a', bytes('2'))).rejects.toMatchObject({ code: 'cancelled' });
    expect(await other.bus.healthy()).toBe(false);
    await other.close();
  });

  it('is healthy', async () => {
    expect(bus.kind).toBe(name);
    expect(await bus.healthy()).toBe(true);
  });
});
