// A run's stream as a thing that is kept: read as it is stored, brought back elsewhere, removed.
import { setImmediate } from 'node:timers/promises';
import { addressOf } from '@redqueen/contract';
import type { Bus, StoredBytes } from '@redqueen/runtime';
import { collected, knobMessage, knobValue, Recorder, within } from '@redqueen/testkit';
import { describe, expect, it } from 'vitest';
import { doubler, pool, start, summing, toldTo, untilTold } from './support/actors.ts';
import { onEachBus, range, runningSums } from './support/suite.ts';

async function* each<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

/** Messages of a run under another run's name: their envelopes still name the first one, as nobody here reads them. */
async function copyOf(bus: Bus, run: string, to: string): Promise<StoredBytes[]> {
  const stored = await collected(bus.storage(run).messages());
  await bus.storage(to).restore(each(stored));
  return stored;
}

onEachBus('storage of a run', (suite) => {
  describe('messages', () => {
    it('are given as stored, those that cannot be read included, and restored under their sequence and time', async () => {
      const run = await suite.freshRun();
      await suite.feed(run, 'executor/0', range(5));
      await suite.subject.storeGarbage(run, 'verifier/0');
      await suite.bus.publish(knobMessage({ run, id: 'last', value: 6 }));
      const { messages, bytes } = await suite.bus.storage(run).size();
      expect(messages).toBe(7);
      const stored = await copyOf(suite.bus, run, `${run}-copy`);
      expect(stored.map(({ sequence }) => sequence)).toEqual(range(7));
      expect(stored.map(({ to }) => to.role)).toEqual([...range(5).map(() => 'executor'), 'verifier', 'executor']);
      expect(stored.reduce((sum, message) => sum + message.bytes.length, 0)).toBeLessThanOrEqual(bytes);
      const restored = await collected(suite.bus.storage(`${run}-copy`).messages());
      const asText = (list: readonly StoredBytes[]) =>
        list.map(({ sequence, storedAt, to, bytes: content }) => [sequence, storedAt, to, Buffer.from(content).toString('hex')]);
      expect(asText(restored)).toEqual(asText(stored));
      const read = await collected(suite.bus.read(`${run}-copy`, { from: 1, follow: false }));
      expect(read.map(({ storedAt }) => storedAt)).toEqual(
        stored.filter(({ to }) => to.role === 'executor').map(({ storedAt }) => storedAt),
      );
    });

    it('a gap is refused, and so is a stream that holds something', async () => {
      const run = await suite.freshRun();
      await suite.feed(run, 'executor/0', range(4));
      const stored = await collected(suite.bus.storage(run).messages());
      const gap = stored.filter(({ sequence }) => sequence !== 3);
      await expect(suite.bus.storage(`${run}-gap`).restore(each(gap))).rejects.toMatchObject({ code: 'data_loss' });
      await expect(suite.bus.storage(run).restore(each(stored))).rejects.toMatchObject({ code: 'data_loss' });
      expect((await suite.bus.storage(run).size()).messages).toBe(4);
    });
  });

  describe('mailboxes', () => {
    it('a restored mailbox goes on where it was: what was acknowledged does not come again', async () => {
      const run = await suite.freshRun();
      const host = await start(doubler, { bus: suite.bus, run });
      await suite.feed(run, 'executor/0', range(4));
      await within(untilTold(suite.bus, run, 'verifier/0', 4), 'the first four');
      await host.drain();
      await suite.feed(run, 'executor/0', range(3, 5));
      const positions = await within(settledPositions(suite.bus, run, 4), 'the acknowledgements');
      const storage = suite.bus.storage(run);
      const stored = await collected(storage.messages());
      await storage.delete();
      await storage.restore(each(stored));
      for (const position of positions) await storage.restorePosition(position);
      const seen = new Recorder<number>();
      const counting = pool((message) => {
        seen.record(knobValue(message));
        return [];
      });
      const next = await start(counting, { bus: suite.bus, run });
      await suite.bus.publish(knobMessage({ run, id: 'end', value: 99 }));
      await seen.count(4);
      await next.drain();
      expect(seen.events.toSorted((a, b) => a - b)).toEqual([5, 6, 7, 99]);
    });
  });

  describe('removal', () => {
    it('takes the stream and its mailboxes, and a run of the same name begins anew', async () => {
      const run = await suite.freshRun();
      const hosts = [await start(doubler, { bus: suite.bus, run }), await start(summing(), { bus: suite.bus, run })];
      await suite.feed(run, 'executor/0', range(3));
      await within(untilTold(suite.bus, run, 'policy/0', 3), 'the sums');
      await Promise.all(hosts.map((host) => host.drain()));
      const storage = suite.bus.storage(run);
      expect(await storage.exists()).toBe(true);
      await storage.delete();
      expect(await storage.exists()).toBe(false);
      await storage.delete();
      await expect(storage.size()).rejects.toMatchObject({ code: 'not_found' });
      await expect(suite.bus.lastSequence(run)).rejects.toMatchObject({ code: 'not_found' });
      await expect(suite.bus.publish(knobMessage({ run, id: 'late' }))).rejects.toMatchObject({ code: 'not_found' });
      await suite.bus.openRun(run);
      await suite.feed(run, 'executor/0', range(3));
      const again = await start(doubler, { bus: suite.bus, run });
      await within(untilTold(suite.bus, run, 'verifier/0', 3), 'the new life');
      await again.drain();
      const doubled = await toldTo(suite.bus, run, 'verifier/0');
      expect(doubled.toSorted((a, b) => a - b)).toEqual([2, 4, 6]);
      expect(runningSums(doubled).at(-1)).toBe(12);
    });
  });
});

/** The mailboxes' positions once that many messages are acknowledged: a host does not wait for its last acknowledgement. */
async function settledPositions(bus: Bus, run: string, handled: number) {
  for (;;) {
    const positions = await bus.storage(run).positions();
    const executor = positions.find(({ address }) => address.role === addressOf('executor/0').role);
    if ((executor?.handled ?? 0) >= handled) return positions;
    await setImmediate();
  }
}
