// The promises A1 to A8 of actors, each by its name, on both buses.
import { RedQueenError } from '@redqueen/core';
import { DeadLetters, systemClock, type Bus } from '@redqueen/runtime';
import { knobMessage, knobTell, knobValue, KillingGate, Recorder, SwitchGate, within } from '@redqueen/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doubler, pool, start, summing, toldTo, untilTold } from './support/actors.ts';
import { busKinds, type BusUnderTest } from './support/buses.ts';

const range = (count: number, from = 1) => Array.from({ length: count }, (_, index) => from + index);
const runningSums = (values: readonly number[]) => values.map((_, index) => values.slice(0, index + 1).reduce((sum, value) => sum + value, 0));

describe.each(busKinds)('actors on the $name bus', ({ open }) => {
  let subject: BusUnderTest;
  let bus: Bus;
  let runs = 0;

  beforeAll(async () => {
    subject = await open();
    bus = subject.bus;
  });
  afterAll(() => subject?.close());

  async function freshRun(): Promise<string> {
    const run = `actors-${++runs}`;
    await bus.openRun(run);
    return run;
  }

  async function feed(run: string, to: string, values: readonly number[], from = 'gateway/0'): Promise<void> {
    await Promise.all(values.map((value) => bus.publish(knobMessage({ run, id: `${from}-${to}-${value}`, from, to, value }))));
  }

  describe('A1 single writer', () => {
    it('keeps a second activation standing by, and lets it go on where the first one stopped', async () => {
      const run = await freshRun();
      const first = await start(summing(), { bus, run });
      await feed(run, 'reward-aggregator/0', range(20));
      await untilTold(bus, run, 'policy/0', 20);
      const second = await start(summing(), { bus, run });
      expect(first.status().phase).toBe('active');
      expect(second.status().phase).toBe('standby');
      expect(second.state()).toBeUndefined();
      await expect(second.tell(knobTell('curriculum/0', 1), 'outside')).rejects.toMatchObject({ code: 'failed_precondition' });
      await first.drain();
      await feed(run, 'reward-aggregator/0', range(20, 21));
      expect(await within(untilTold(bus, run, 'policy/0', 40), 'the second activation')).toEqual(range(40));
      expect(second.state()?.values).toEqual(range(40));
      expect(second.status().epoch).toBeGreaterThan(first.status().epoch);
      await second.close();
    });

    it('fences a zombie: paused beyond its lease it commits nothing more, and stands by', async () => {
      const run = await freshRun();
      const gate = new SwitchGate();
      const zombie = await start(summing(), { bus, run, gate });
      await feed(run, 'reward-aggregator/0', range(10));
      await untilTold(bus, run, 'policy/0', 10);
      gate.pause();
      await feed(run, 'reward-aggregator/0', range(10, 11));
      const heir = await start(summing(), { bus, run });
      await within(untilTold(bus, run, 'policy/0', 20), 'the heir');
      const epoch = heir.status().epoch;
      gate.resume();
      await feed(run, 'reward-aggregator/0', range(10, 21));
      await within(untilTold(bus, run, 'policy/0', 30), 'the heir after the zombie woke up');
      await heir.drain();
      expect(heir.status().lastError).toBeUndefined();
      expect(zombie.status().lastError).toContain('fenced');
      // The zombie takes over in its turn, knows all that the heir did and goes on.
      await feed(run, 'reward-aggregator/0', range(5, 31));
      expect(await within(untilTold(bus, run, 'policy/0', 35), 'the zombie back in office')).toEqual(range(35));
      expect(await toldTo(bus, run, 'curriculum/0')).toEqual(runningSums(range(35)));
      expect(zombie.status().epoch).toBeGreaterThan(epoch);
      await zombie.close();
    });
  });

  describe('A2 durable mailbox', () => {
    it('acknowledges only after everything told is stored', async () => {
      const run = await freshRun();
      const gate = new SwitchGate();
      const host = await start(doubler, { bus, run, gate });
      await feed(run, 'executor/0', [1]);
      await untilTold(bus, run, 'reward-aggregator/0', 1);
      await host.drain();
      expect(gate.effects.filter((effect) => effect === 'publish' || effect === 'acknowledge')).toEqual(['publish', 'publish', 'acknowledge']);
    });

    it('gives what a killed host had in hand to the next one', async () => {
      const run = await freshRun();
      const started = new Recorder<number>();
      const gate = new SwitchGate();
      await start(
        pool((message) => {
          started.record(knobValue(message));
          return new Promise(() => undefined);
        }),
        { bus, run, gate },
      );
      await feed(run, 'executor/0', range(6));
      await started.count(4);
      gate.kill();
      const next = await start(doubler, { bus, run });
      const told = await within(untilTold(bus, run, 'verifier/0', 6), 'the next host');
      expect(told.toSorted((a, b) => a - b)).toEqual([2, 4, 6, 8, 10, 12]);
      await next.drain();
    });
  });

  describe('A3 effectively once', () => {
    it('tells the same ids when a message is handled again, and nobody sees them twice', async () => {
      const run = await freshRun();
      const sum = await start(summing(), { bus, run });
      const host = await start(doubler, { bus, run });
      const message = knobMessage({ run, id: 'once', to: 'executor/0', value: 5 });
      await bus.publish(message);
      await untilTold(bus, run, 'policy/0', 1);
      await host.drain();
      // A new host knows nothing of the first one; the repeated input makes it tell the same ids again.
      await subject.storeAgain(message);
      const again = await start(doubler, { bus, run });
      await bus.publish(knobMessage({ run, id: 'other', to: 'executor/0', value: 6 }));
      await within(untilTold(bus, run, 'policy/0', 2), 'the second number');
      await again.drain();
      await sum.drain();
      expect(await toldTo(bus, run, 'policy/0')).toEqual([10, 12]);
    });

    it('drops a message that is stored twice, however long after the duplicate window', async () => {
      const run = await freshRun();
      const host = await start(summing(), { bus, run });
      const message = knobMessage({ run, id: 'twice', to: 'reward-aggregator/0', value: 5 });
      await bus.publish(message);
      await untilTold(bus, run, 'policy/0', 1);
      await host.drain();
      await subject.storeAgain(message);
      const next = await start(summing(), { bus, run });
      await bus.publish(knobMessage({ run, id: 'other', to: 'reward-aggregator/0', value: 1 }));
      await within(untilTold(bus, run, 'policy/0', 2), 'the other number');
      expect(next.state()).toEqual({ sum: 6, values: [5, 1] });
      expect(next.status().duplicates).toBe(1);
      await next.close();
    });

    it('a stateful actor killed at any effect, any number of times, tells everything exactly once, without help from the bus', async () => {
      const kills = fc.array(fc.record({ count: fc.integer({ min: 1, max: 30 }), when: fc.constantFrom('before' as const, 'after' as const) }), { maxLength: 3 });
      const readings = fc.constantFrom('mailbox' as const, 'run' as const);
      await fc.assert(
        fc.asyncProperty(kills, readings, fc.boolean(), async (plan, reads, snapshots) => {
          const run = await freshRun();
          const actor = summing({ reads, canSnapshot: (state) => snapshots || state.values.length % 5 === 0 });
          const settings = { leaseMs: 120, snapshotMessages: 3 };
          await feed(run, 'reward-aggregator/0', range(8));
          const complete = untilTold(bus, run, 'policy/0', 16);
          for (const { count, when } of plan) {
            const gate = new KillingGate(count, when);
            const host = await start(actor, { bus: subject.forgetful, run, gate, settings });
            await Promise.race([gate.killed, within(untilTold(bus, run, 'policy/0', 8), 'this life', 5000)]);
            // Where the plan asks for more effects than there were, the host is killed at the end.
            void host;
            gate.before = () => new Promise(() => undefined);
          }
          const last = await start(actor, { bus: subject.forgetful, run, settings });
          await feed(run, 'reward-aggregator/0', range(8, 9));
          expect(await within(complete, 'all numbers', 8000)).toEqual(range(16));
          await last.drain();
          expect(await toldTo(bus, run, 'policy/0')).toEqual(range(16));
          expect(await toldTo(bus, run, 'curriculum/0')).toEqual(runningSums(range(16)));
        }),
        { numRuns: 12, endOnFailure: true },
      );
    });

    it('a pool killed at any effect tells everything exactly once, without help from the bus', async () => {
      const kill = fc.record({ count: fc.integer({ min: 1, max: 24 }), when: fc.constantFrom('before' as const, 'after' as const) });
      await fc.assert(
        fc.asyncProperty(kill, async ({ count, when }) => {
          const run = await freshRun();
          const gate = new KillingGate(count, when);
          await feed(run, 'executor/0', range(8));
          await start(doubler, { bus: subject.forgetful, run, gate, settings: { ackWaitMs: 100 } });
          await Promise.race([gate.killed, within(untilTold(bus, run, 'reward-aggregator/0', 8), 'this life')]);
          gate.before = () => new Promise(() => undefined);
          const next = await start(doubler, { bus: subject.forgetful, run, settings: { ackWaitMs: 100 } });
          for (const to of ['verifier/0', 'reward-aggregator/0']) {
            const told = await within(untilTold(bus, run, to, 8), 'the next life');
            expect(told.toSorted((a, b) => a - b)).toEqual(range(8).map((value) => value * 2));
          }
          await next.drain();
          expect(await toldTo(bus, run, 'verifier/0')).toHaveLength(8);
          expect(await toldTo(bus, run, 'reward-aggregator/0')).toHaveLength(8);
        }),
        { numRuns: 10, endOnFailure: true },
      );
    });

    it('gives a handler the same random numbers for the same run seed, message and purpose', async () => {
      const numbers = async (run: string) => {
        const drawn = new Recorder<number>();
        const host = await start(
          pool((_message, context) => {
            drawn.record(context.random('one').uniform());
            drawn.record(context.random('two').uniform());
            return [];
          }),
          { bus, run },
        );
        await bus.publish(knobMessage({ run, id: 'seeded' }));
        const events = await drawn.count(2);
        await host.drain();
        return events;
      };
      const [first, second] = [await numbers(await freshRun()), await numbers(await freshRun())];
      expect(first).toEqual(second);
      expect(new Set(first).size).toBe(2);
    });
  });

  describe('A4 bounded', () => {
    it('never has more handlers at work than its concurrency', async () => {
      const run = await freshRun();
      const finish: (() => void)[] = [];
      const started = new Recorder<number>();
      const host = await start(
        pool((message) => {
          started.record(knobValue(message));
          return new Promise((resolve) => finish.push(() => resolve([])));
        }, 3),
        { bus, run, settings: { ackWaitMs: 60_000 } },
      );
      await feed(run, 'executor/0', range(10));
      for (let done = 0; done < 10; done++) {
        await started.count(Math.min(10, done + 3));
        expect(started.events.length - done).toBeLessThanOrEqual(3);
        expect(host.status().inHand).toBeLessThanOrEqual(3);
        finish[done]?.();
      }
      await host.drain();
    });
  });

  describe('A5 supervised', () => {
    it('retries a throwing handler after a growing time, then keeps a dead letter with its cause', async () => {
      const run = await freshRun();
      const tries = new Recorder<number>();
      const host = await start(
        pool((message) => {
          if (knobValue(message) !== 13) return [knobTell('verifier/0', knobValue(message))];
          tries.record(systemClock.now());
          throw new TypeError('thirteen is not liked');
        }),
        { bus, run, settings: { maxDeliver: 4 } },
      );
      await feed(run, 'executor/0', [12, 13, 14]);
      await within(untilTold(bus, run, 'verifier/0', 2), 'the others');
      await tries.count(4);
      await within(deadLetterOf(bus, run), 'the dead letter');
      const gaps = tries.events.slice(1).map((time, index) => time - (tries.events[index] ?? 0));
      for (const [index, least] of [10, 20, 40].entries()) expect(gaps[index]).toBeGreaterThanOrEqual(least - 2);
      const [letter] = await (await DeadLetters.open(bus, systemClock)).list(run);
      expect(letter).toMatchObject({ run, actor: 'executor/0', kind: 'knob', cause: 'TypeError: thirteen is not liked', deliveries: 4 });
      expect(host.status()).toMatchObject({ handled: 2, failures: 4, deadLetters: 1 });
      await host.drain();
      expect(tries.events).toHaveLength(4);
    });

    it('retries a dead letter as a new message, and drops one for good', async () => {
      const run = await freshRun();
      const letters = await DeadLetters.open(bus, systemClock);
      let repaired = false;
      const actor = pool((message) => {
        if (!repaired) throw new Error('out of order');
        return [knobTell('verifier/0', knobValue(message))];
      });
      const host = await start(actor, { bus, run, settings: { maxDeliver: 1 } });
      await feed(run, 'executor/0', [1, 2]);
      const [first, second] = await within(deadLettersOf(bus, run, 2), 'two dead letters');
      repaired = true;
      await letters.retry(first ?? '');
      expect(await within(untilTold(bus, run, 'verifier/0', 1), 'the retried one')).toHaveLength(1);
      await letters.drop(second ?? '');
      expect(await letters.list(run)).toEqual([]);
      await expect(letters.retry(second ?? '')).rejects.toMatchObject({ code: 'not_found' });
      await host.drain();
    });

    it('tries longer where a service is only away', async () => {
      const run = await freshRun();
      let tries = 0;
      const host = await start(
        pool((message) => {
          if (++tries <= 8) throw new RedQueenError('unavailable', 'the policy service is away');
          return [knobTell('verifier/0', knobValue(message))];
        }),
        { bus, run, settings: { maxDeliver: 2, longestBackOffMs: 10 } },
      );
      await feed(run, 'executor/0', [1]);
      expect(await within(untilTold(bus, run, 'verifier/0', 1), 'the ninth try')).toEqual([1]);
      await host.drain();
      expect(await (await DeadLetters.open(bus, systemClock)).list(run)).toEqual([]);
    });

    it('keeps an unreadable message as a dead letter', async () => {
      const run = await freshRun();
      const host = await start(doubler, { bus, run });
      await subject.storeGarbage(run, 'executor/0');
      const [key] = await within(deadLettersOf(bus, run, 1), 'the dead letter');
      const letters = await DeadLetters.open(bus, systemClock);
      const [letter] = await letters.list(run);
      expect(letter).toMatchObject({ key, id: '', sequence: 1 });
      expect(letter?.cause).toContain('unreadable');
      await expect(letters.retry(key ?? '')).rejects.toMatchObject({ code: 'failed_precondition' });
      await host.drain();
    });

    it('a stateful actor starts again from its snapshot, skips what stays unhandled, and folds everything else in once', async () => {
      const run = await freshRun();
      const actor = summing();
      const receive = actor.receive.bind(actor);
      const fragile = {
        ...actor,
        receive: (state: ReturnType<typeof actor.initial>, message: Parameters<typeof receive>[1], context: Parameters<typeof receive>[2]) => {
          if (message.kind === 'knob' && message.body.value === 13) throw new Error('thirteen again');
          return receive(state, message, context);
        },
      };
      const host = await start(fragile, { bus, run, settings: { maxDeliver: 3 } });
      await feed(run, 'reward-aggregator/0', range(20));
      const expected = range(20).filter((value) => value !== 13);
      expect(await within(untilTold(bus, run, 'policy/0', 19), 'all others')).toEqual(expected);
      expect(await toldTo(bus, run, 'curriculum/0')).toEqual(runningSums(expected));
      expect(host.status()).toMatchObject({ failures: 3, deadLetters: 1 });
      // Once it is repaired the letter can be retried; what was skipped stays skipped.
      await host.drain();
      const repaired = await start(actor, { bus, run });
      const [letter] = await (await DeadLetters.open(bus, systemClock)).list(run);
      expect(letter).toMatchObject({ actor: 'reward-aggregator/0', cause: 'Error: thirteen again' });
      await (await DeadLetters.open(bus, systemClock)).retry(letter?.key ?? '');
      expect(await within(untilTold(bus, run, 'policy/0', 20), 'the retried one')).toEqual([...expected, 13]);
      await repaired.drain();
    });

    it('keeps a long handler alive: its message does not come again', async () => {
      const run = await freshRun();
      const gate = new SwitchGate();
      const { promise: longEnough, resolve: finish } = Promise.withResolvers<void>();
      let tries = 0;
      const host = await start(
        pool(async (message) => {
          tries++;
          await longEnough;
          return [knobTell('verifier/0', knobValue(message))];
        }),
        { bus, run, gate, settings: { ackWaitMs: 300 } },
      );
      await feed(run, 'executor/0', [1]);
      // One sign of life each 100 ms: eight of them are well beyond the time after which it would come again.
      const record = gate.effects.push.bind(gate.effects);
      gate.effects.push = (...effects) => {
        const length = record(...effects);
        if (gate.effects.filter((effect) => effect === 'working').length >= 8) finish();
        return length;
      };
      await within(untilTold(bus, run, 'verifier/0', 1), 'the long handler');
      await host.drain();
      expect(tries).toBe(1);
    });

    it('aborts a handler whose time is up', async () => {
      const run = await freshRun();
      const reasons = new Recorder<string>();
      const host = await start(
        pool(async (_message, context) => {
          const { promise, resolve } = Promise.withResolvers<void>();
          context.signal.addEventListener('abort', () => resolve(), { once: true });
          await promise;
          reasons.record(String((context.signal.reason as RedQueenError).code));
          return [];
        }),
        { bus, run, settings: { ackWaitMs: 150, handlerTimeoutMs: 100 } },
      );
      await feed(run, 'executor/0', [1]);
      expect(await reasons.count(1)).toEqual(['deadline_exceeded']);
      await host.drain();
    });
  });

  describe('A6 ordered', () => {
    it('delivers in the order of each sender, whatever the others do', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat(3), { minLength: 5, maxLength: 60 }), async (senders) => {
          const run = await freshRun();
          const seen = new Recorder<string>();
          const host = await start(summing({ seen: (message) => seen.record(`${message.from.key}:${knobValue(message)}`) }), { bus, run });
          const counters = new Map<number, number>();
          const expected = senders.map((sender) => {
            const value = (counters.get(sender) ?? 0) + 1;
            counters.set(sender, value);
            return `${sender}:${value}`;
          });
          await Promise.all(
            expected.map((event) => {
              const [sender = '', value = ''] = event.split(':');
              return bus.publish(knobMessage({ run, id: event, from: `proposer/${sender}`, to: 'reward-aggregator/0', value: Number(value) }));
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
      const run = await freshRun();
      const sum = await start(summing(), { bus, run });
      const burst = await start(
        pool(() => range(200).map((value) => knobTell('reward-aggregator/0', value)), 1),
        { bus, run },
      );
      await feed(run, 'executor/0', [1]);
      expect(await within(untilTold(bus, run, 'policy/0', 200), 'the burst')).toEqual(range(200));
      await Promise.all([burst.drain(), sum.drain()]);
    });
  });

  describe('A7 draining', () => {
    it('finishes what is in hand, takes nothing new, and leaves the rest to the next host', async () => {
      const run = await freshRun();
      const started = new Recorder<number>();
      const { promise: permitted, resolve: permit } = Promise.withResolvers<void>();
      const host = await start(
        pool(async (message) => {
          started.record(knobValue(message));
          await permitted;
          return [knobTell('verifier/0', knobValue(message))];
        }, 2),
        { bus, run, settings: { ackWaitMs: 60_000 } },
      );
      await feed(run, 'executor/0', range(6));
      await started.count(2);
      const drained = host.drain();
      expect(host.status().phase).toBe('draining');
      permit();
      await within(drained, 'the drain');
      await within(host.done, 'the end');
      expect(started.events).toHaveLength(2);
      expect((await toldTo(bus, run, 'verifier/0')).toSorted((a, b) => a - b)).toEqual([1, 2]);
      const next = await start(
        pool((message) => [knobTell('verifier/0', knobValue(message))]),
        { bus, run },
      );
      const told = await within(untilTold(bus, run, 'verifier/0', 6), 'the next host');
      expect(told.toSorted((a, b) => a - b)).toEqual(range(6));
      await next.drain();
    });

    it('gives back what does not finish in time', async () => {
      const run = await freshRun();
      const started = new Recorder<number>();
      const stuck = await start(
        pool((message, context) => {
          started.record(knobValue(message));
          return new Promise((_resolve, reject) => context.signal.addEventListener('abort', () => reject(context.signal.reason as Error), { once: true }));
        }),
        { bus, run, settings: { drainMs: 50, ackWaitMs: 60_000 } },
      );
      await feed(run, 'executor/0', [1]);
      await started.count(1);
      await within(stuck.drain(), 'the drain');
      const next = await start(doubler, { bus, run });
      expect(await within(untilTold(bus, run, 'verifier/0', 1), 'the next host')).toEqual([2]);
      await next.drain();
    });

    it('a stateful actor stores a snapshot and gives its lease back', async () => {
      const run = await freshRun();
      const activations = new Recorder<number>();
      const actor = summing({
        activated: (state) => {
          activations.record((state as { values: number[] }).values.length);
          return Promise.resolve();
        },
      });
      const first = await start(actor, { bus, run, settings: { leaseMs: 60_000, snapshotMs: 60_000, snapshotMessages: 1000 } });
      await feed(run, 'reward-aggregator/0', range(5));
      await untilTold(bus, run, 'policy/0', 5);
      await within(first.drain(), 'the drain');
      // It neither waits a minute for the lease nor folds the five in again.
      const second = await start(actor, { bus, run, settings: { leaseMs: 60_000 } });
      expect(await activations.count(2)).toEqual([0, 5]);
      await second.drain();
    });

    it('keeps large snapshots as objects', async () => {
      const run = await freshRun();
      const noise = Array.from({ length: 60_000 }, (_, index) => Math.sin(index) * 1e9);
      const big = { ...summing(), encode: (state: unknown) => Buffer.from(JSON.stringify({ ...(state as object), noise })) };
      const first = await start(big, { bus, run, settings: { snapshotMs: 60_000 } });
      await feed(run, 'reward-aggregator/0', range(3));
      await untilTold(bus, run, 'policy/0', 3);
      await within(first.drain(), 'the drain');
      expect((await (await bus.objects('rq-snapshot-objects')).list()).filter((name) => name.startsWith(`${run}.`))).toHaveLength(1);
      const second = await start(big, { bus, run });
      await feed(run, 'reward-aggregator/0', [4]);
      await within(untilTold(bus, run, 'policy/0', 4), 'the next activation');
      expect(second.state()?.values).toEqual(range(4));
      await within(second.drain(), 'the drain');
      expect((await (await bus.objects('rq-snapshot-objects')).list()).filter((name) => name.startsWith(`${run}.`))).toHaveLength(1);
    });
  });

  describe('A8 same everywhere', () => {
    it('sends every message through the wire codec: nothing is shared, everything has its default', async () => {
      const run = await freshRun();
      const seen = new Recorder<unknown>();
      const host = await start(
        pool((message) => {
          seen.record(message.body);
          return [];
        }),
        { bus, run },
      );
      const body = { name: 'shared', value: 1 };
      const message = { ...knobMessage({ run, id: 'a' }), kind: 'knob' as const, body };
      await bus.publish(message);
      body.value = 2;
      expect(await seen.count(1)).toEqual([{ name: 'shared', value: 1, by: '' }]);
      expect(seen.events[0]).not.toBe(body);
      await host.drain();
    });
  });
});

/** Keys of a run's dead letters once there are that many. */
async function deadLettersOf(bus: Bus, run: string, count: number): Promise<string[]> {
  const keys = new Set<string>();
  const stop = new AbortController();
  for await (const { key } of (await bus.keyValue('rq-dead')).watch(stop.signal)) {
    if (key.startsWith(`${run}.`)) keys.add(key);
    if (keys.size >= count) break;
  }
  return [...keys].toSorted();
}

async function deadLetterOf(bus: Bus, run: string): Promise<string | undefined> {
  return (await deadLettersOf(bus, run, 1))[0];
}

