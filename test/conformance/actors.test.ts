// The promises of actors, each by its name, on both buses; A3 and A5 have files of their own.
import type { StatefulActor } from '@redqueen/runtime';
import { knobMessage, knobTell, knobValue, Recorder, SwitchGate, within } from '@redqueen/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { doubler, pool, start, summing, toldTo, untilTold, type Sum } from './support/actors.ts';
import { onEachBus, range, runningSums } from './support/suite.ts';

onEachBus('actors', (suite) => {
  describe('A1 single writer', () => {
    it('keeps a second activation standing by, and lets it go on where the first one stopped', async () => {
      const run = await suite.freshRun();
      const first = await start(summing(), { bus: suite.bus, run });
      await suite.feed(run, 'reward-aggregator/0', range(20));
      await untilTold(suite.bus, run, 'policy/0', 20);
      const second = await start(summing(), { bus: suite.bus, run });
      expect(first.status().phase).toBe('active');
      expect(second.status().phase).toBe('standby');
      expect(second.state()).toBeUndefined();
      await expect(second.tell(knobTell('curriculum/0', 1), 'outside')).rejects.toMatchObject({ code: 'failed_precondition' });
      await first.drain();
      await suite.feed(run, 'reward-aggregator/0', range(20, 21));
      expect(await within(untilTold(suite.bus, run, 'policy/0', 40), 'the second activation')).toEqual(range(40));
      expect(second.state()?.values).toEqual(range(40));
      expect(second.status().epoch).toBeGreaterThan(first.status().epoch);
      await second.close();
    });

    it('the successor of a dead process, known by its name, does not wait for the lease', async () => {
      const run = await suite.freshRun();
      const settings = { leaseMs: 600_000 };
      const gate = new SwitchGate();
      const dead = await start(summing(), { bus: suite.bus, run, gate, owner: 'cluster-1', settings });
      await suite.feed(run, 'reward-aggregator/0', range(10));
      await untilTold(suite.bus, run, 'policy/0', 10);
      gate.pause();
      await suite.feed(run, 'reward-aggregator/0', range(10, 11));
      const stranger = await start(summing(), { bus: suite.bus, run, settings });
      const successor = await start(summing(), { bus: suite.bus, run, owner: 'cluster-1', settings });
      expect(await within(untilTold(suite.bus, run, 'policy/0', 20), 'the successor')).toEqual(range(20));
      expect(await toldTo(suite.bus, run, 'curriculum/0')).toEqual(runningSums(range(20)));
      expect(successor.status().epoch).toBe(2);
      expect(stranger.status().phase).toBe('standby');
      await Promise.all([successor.close(), stranger.close()]);
      gate.resume();
      await dead.close();
    });

    it('fences a zombie: paused beyond its lease it commits nothing more, and stands by', async () => {
      const run = await suite.freshRun();
      const gate = new SwitchGate();
      const zombie = await start(summing(), { bus: suite.bus, run, gate });
      await suite.feed(run, 'reward-aggregator/0', range(10));
      await untilTold(suite.bus, run, 'policy/0', 10);
      gate.pause();
      await suite.feed(run, 'reward-aggregator/0', range(10, 11));
      const heir = await start(summing(), { bus: suite.bus, run });
      await within(untilTold(suite.bus, run, 'policy/0', 20), 'the heir');
      const epoch = heir.status().epoch;
      gate.resume();
      await suite.feed(run, 'reward-aggregator/0', range(10, 21));
      await within(untilTold(suite.bus, run, 'policy/0', 30), 'the heir after the zombie woke up');
      await heir.drain();
      expect(heir.status().lastError).toBeUndefined();
      expect(zombie.status().lastError).toContain('fenced');
      // The zombie takes over in its turn, knows all that the heir did and goes on.
      await suite.feed(run, 'reward-aggregator/0', range(5, 31));
      expect(await within(untilTold(suite.bus, run, 'policy/0', 35), 'the zombie back in office')).toEqual(range(35));
      expect(await toldTo(suite.bus, run, 'curriculum/0')).toEqual(runningSums(range(35)));
      expect(zombie.status().epoch).toBeGreaterThan(epoch);
      await zombie.close();
    });
  });

  describe('A2 durable mailbox', () => {
    it('acknowledges only after everything told is stored', async () => {
      const run = await suite.freshRun();
      const gate = new SwitchGate();
      const host = await start(doubler, { bus: suite.bus, run, gate });
      await suite.feed(run, 'executor/0', [1]);
      await untilTold(suite.bus, run, 'reward-aggregator/0', 1);
      await host.drain();
      expect(gate.effects.filter((effect) => effect === 'publish' || effect === 'acknowledge')).toEqual([
        'publish',
        'publish',
        'acknowledge',
      ]);
    });

    it('gives what a killed host had in hand to the next one', async () => {
      const run = await suite.freshRun();
      const started = new Recorder<number>();
      const gate = new SwitchGate();
      await start(
        pool((message) => {
          started.record(knobValue(message));
          return new Promise(() => undefined);
        }),
        { bus: suite.bus, run, gate },
      );
      await suite.feed(run, 'executor/0', range(6));
      await started.count(4);
      gate.kill();
      const next = await start(doubler, { bus: suite.bus, run });
      const told = await within(untilTold(suite.bus, run, 'verifier/0', 6), 'the next host');
      expect(told.toSorted((a, b) => a - b)).toEqual([2, 4, 6, 8, 10, 12]);
      await next.drain();
    });
  });

  describe('A4 bounded', () => {
    it('never has more handlers at work than its concurrency', async () => {
      const run = await suite.freshRun();
      const finish: (() => void)[] = [];
      const started = new Recorder<number>();
      const host = await start(
        pool((message) => {
          started.record(knobValue(message));
          return new Promise((resolve) => finish.push(() => resolve([])));
        }, 3),
        { bus: suite.bus, run, settings: { ackWaitMs: 60_000 } },
      );
      await suite.feed(run, 'executor/0', range(10));
      for (let done = 0; done < 10; done++) {
        await started.count(Math.min(10, done + 3));
        expect(started.events.length - done).toBeLessThanOrEqual(3);
        expect(host.status().inHand).toBeLessThanOrEqual(3);
        finish[done]?.();
      }
      await host.drain();
    });
  });

  describe('A6 ordered', () => {
    it('delivers in the order of each sender, whatever the others do', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat(3), { minLength: 5, maxLength: 60 }), async (senders) => {
          const run = await suite.freshRun();
          const seen = new Recorder<string>();
          const host = await start(summing({ seen: (message) => seen.record(`${message.from.key}:${knobValue(message)}`) }), {
            bus: suite.bus,
            run,
          });
          const counters = new Map<number, number>();
          const expected = senders.map((sender) => {
            const value = (counters.get(sender) ?? 0) + 1;
            counters.set(sender, value);
            return `${sender}:${value}`;
          });
          await Promise.all(
            expected.map((event) => {
              const [sender = '', value = ''] = event.split(':');
              return suite.bus.publish(
                knobMessage({ run, id: event, from: `proposer/${sender}`, to: 'reward-aggregator/0', value: Number(value) }),
              );
            }),
          );
          await seen.count(expected.length);
          await host.drain();
          for (const sender of counters.keys()) {
            const own = (events: readonly string[]) => events.filter((event) => event.startsWith(`${sender}:`));
            expect(own(seen.events)).toEqual(own(expected));
          }
        }),
        { numRuns: 8 },
      );
    });

    it('tells in order: what one actor tells another arrives as it was told', async () => {
      const run = await suite.freshRun();
      const sum = await start(summing(), { bus: suite.bus, run });
      const burst = await start(
        pool(() => range(200).map((value) => knobTell('reward-aggregator/0', value)), 1),
        { bus: suite.bus, run },
      );
      await suite.feed(run, 'executor/0', [1]);
      expect(await within(untilTold(suite.bus, run, 'policy/0', 200), 'the burst')).toEqual(range(200));
      await Promise.all([burst.drain(), sum.drain()]);
    });
  });

  describe('A7 draining', () => {
    it('finishes what is in hand, takes nothing new, and leaves the rest to the next host', async () => {
      const run = await suite.freshRun();
      const started = new Recorder<number>();
      const { promise: permitted, resolve: permit } = Promise.withResolvers<void>();
      const host = await start(
        pool(async (message) => {
          started.record(knobValue(message));
          await permitted;
          return [knobTell('verifier/0', knobValue(message))];
        }, 2),
        { bus: suite.bus, run, settings: { ackWaitMs: 60_000 } },
      );
      await suite.feed(run, 'executor/0', range(6));
      await started.count(2);
      const drained = host.drain();
      expect(host.status().phase).toBe('draining');
      permit();
      await within(drained, 'the drain');
      await within(host.done, 'the end');
      expect(started.events).toHaveLength(2);
      expect((await toldTo(suite.bus, run, 'verifier/0')).toSorted((a, b) => a - b)).toEqual([1, 2]);
      const next = await start(
        pool((message) => [knobTell('verifier/0', knobValue(message))]),
        { bus: suite.bus, run },
      );
      const told = await within(untilTold(suite.bus, run, 'verifier/0', 6), 'the next host');
      expect(told.toSorted((a, b) => a - b)).toEqual(range(6));
      await next.drain();
    });

    it('gives back what does not finish in time', async () => {
      const run = await suite.freshRun();
      const started = new Recorder<number>();
      const stuck = await start(
        pool((message, context) => {
          started.record(knobValue(message));
          return new Promise((_resolve, reject) =>
            context.signal.addEventListener('abort', () => reject(context.signal.reason as Error), { once: true }),
          );
        }),
        { bus: suite.bus, run, settings: { drainMs: 50, ackWaitMs: 60_000 } },
      );
      await suite.feed(run, 'executor/0', [1]);
      await started.count(1);
      await within(stuck.drain(), 'the drain');
      const next = await start(doubler, { bus: suite.bus, run });
      expect(await within(untilTold(suite.bus, run, 'verifier/0', 1), 'the next host')).toEqual([2]);
      await next.drain();
    });

    it('a stateful actor stores a snapshot and gives its lease back', async () => {
      const run = await suite.freshRun();
      const activations = new Recorder<number>();
      const actor = summing({
        activated: (state) => {
          activations.record((state as Sum).values.length);
          return Promise.resolve();
        },
      });
      const first = await start(actor, { bus: suite.bus, run, settings: { leaseMs: 60_000, snapshotMs: 60_000, snapshotMessages: 1000 } });
      await suite.feed(run, 'reward-aggregator/0', range(5));
      await untilTold(suite.bus, run, 'policy/0', 5);
      await within(first.drain(), 'the drain');
      // It neither waits a minute for the lease nor folds the five in again.
      const second = await start(actor, { bus: suite.bus, run, settings: { leaseMs: 60_000 } });
      expect(await activations.count(2)).toEqual([0, 5]);
      await second.drain();
    });

    it('keeps large snapshots as objects', async () => {
      const run = await suite.freshRun();
      const noise = Array.from({ length: 60_000 }, (_, index) => Math.sin(index) * 1e9);
      const big: StatefulActor<Sum> = { ...summing(), encode: (state) => Buffer.from(JSON.stringify({ ...state, noise })) };
      const first = await start(big, { bus: suite.bus, run, settings: { snapshotMs: 60_000 } });
      await suite.feed(run, 'reward-aggregator/0', range(3));
      await untilTold(suite.bus, run, 'policy/0', 3);
      await within(first.drain(), 'the drain');
      expect((await (await suite.bus.objects('rq-snapshot-objects')).list()).filter((name) => name.startsWith(`${run}.`))).toHaveLength(1);
      const second = await start(big, { bus: suite.bus, run });
      await suite.feed(run, 'reward-aggregator/0', [4]);
      await within(untilTold(suite.bus, run, 'policy/0', 4), 'the next activation');
      expect(second.state()?.values).toEqual(range(4));
      await within(second.drain(), 'the drain');
      expect((await (await suite.bus.objects('rq-snapshot-objects')).list()).filter((name) => name.startsWith(`${run}.`))).toHaveLength(1);
    });
  });

  describe('A8 same everywhere', () => {
    it('sends every message through the wire codec: nothing is shared, everything has its default', async () => {
      const run = await suite.freshRun();
      const seen = new Recorder<unknown>();
      const host = await start(
        pool((message) => {
          seen.record(message.body);
          return [];
        }),
        { bus: suite.bus, run },
      );
      const body = { name: 'shared', value: 1 };
      const message = { ...knobMessage({ run, id: 'a' }), kind: 'knob' as const, body };
      await suite.bus.publish(message);
      body.value = 2;
      expect(await seen.count(1)).toEqual([{ name: 'shared', value: 1, by: '', reason: '' }]);
      expect(seen.events[0]).not.toBe(body);
      await host.drain();
    });
  });
});
