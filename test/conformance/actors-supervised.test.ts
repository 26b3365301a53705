// A5: what becomes of handlers that throw, hang and take long.
import { RedQueenError } from '@redqueen/core';
import { DeadLetters, systemClock, type Bus } from '@redqueen/runtime';
import { knobTell, knobValue, Recorder, SwitchGate, within } from '@redqueen/testkit';
import { describe, expect, it } from 'vitest';
import { doubler, pool, start, summing, toldTo, untilTold } from './support/actors.ts';
import { onEachBus, range, runningSums } from './support/suite.ts';

onEachBus('supervision', (suite) => {
  describe('A5 supervised', () => {
    it('retries a throwing handler after a growing time, then keeps a dead letter with its cause', async () => {
      const run = await suite.freshRun();
      const tries = new Recorder<number>();
      const host = await start(
        pool((message) => {
          if (knobValue(message) !== 13) return [knobTell('verifier/0', knobValue(message))];
          tries.record(systemClock.now());
          throw new TypeError('thirteen is not liked');
        }),
        { bus: suite.bus, run, settings: { maxDeliver: 4 } },
      );
      await suite.feed(run, 'executor/0', [12, 13, 14]);
      await within(untilTold(suite.bus, run, 'verifier/0', 2), 'the others');
      await tries.count(4);
      await within(deadLetterOf(suite.bus, run), 'the dead letter');
      const gaps = tries.events.slice(1).map((time, index) => time - (tries.events[index] ?? 0));
      for (const [index, least] of [10, 20, 40].entries()) expect(gaps[index]).toBeGreaterThanOrEqual(least - 2);
      const [letter] = await (await DeadLetters.open(suite.bus, systemClock)).list(run);
      expect(letter).toMatchObject({ run, actor: 'executor/0', kind: 'knob', cause: 'TypeError: thirteen is not liked', deliveries: 4 });
      expect(host.status()).toMatchObject({ handled: 2, failures: 4, deadLetters: 1 });
      await host.drain();
      expect(tries.events).toHaveLength(4);
    });

    it('retries a dead letter as a new message, and drops one for good', async () => {
      const run = await suite.freshRun();
      const letters = await DeadLetters.open(suite.bus, systemClock);
      let repaired = false;
      const actor = pool((message) => {
        if (!repaired) throw new Error('out of order');
        return [knobTell('verifier/0', knobValue(message))];
      });
      const host = await start(actor, { bus: suite.bus, run, settings: { maxDeliver: 1 } });
      await suite.feed(run, 'executor/0', [1, 2]);
      const [first, second] = await within(deadLettersOf(suite.bus, run, 2), 'two dead letters');
      repaired = true;
      await letters.retry(first ?? '');
      expect(await within(untilTold(suite.bus, run, 'verifier/0', 1), 'the retried one')).toHaveLength(1);
      await letters.drop(second ?? '');
      expect(await letters.list(run)).toEqual([]);
      await expect(letters.retry(second ?? '')).rejects.toMatchObject({ code: 'not_found' });
      await host.drain();
    });

    it('tries longer where a service is only away', async () => {
      const run = await suite.freshRun();
      let tries = 0;
      const host = await start(
        pool((message) => {
          if (++tries <= 8) throw new RedQueenError('unavailable', 'the policy service is away');
          return [knobTell('verifier/0', knobValue(message))];
        }),
        { bus: suite.bus, run, settings: { maxDeliver: 2, longestBackOffMs: 10 } },
      );
      await suite.feed(run, 'executor/0', [1]);
      expect(await within(untilTold(suite.bus, run, 'verifier/0', 1), 'the ninth try')).toEqual([1]);
      await host.drain();
      expect(await (await DeadLetters.open(suite.bus, systemClock)).list(run)).toEqual([]);
    });

    it('keeps an unreadable message as a dead letter', async () => {
      const run = await suite.freshRun();
      const host = await start(doubler, { bus: suite.bus, run });
      await suite.subject.storeGarbage(run, 'executor/0');
      const [key] = await within(deadLettersOf(suite.bus, run, 1), 'the dead letter');
      const letters = await DeadLetters.open(suite.bus, systemClock);
      const [letter] = await letters.list(run);
      expect(letter).toMatchObject({ key, id: '', sequence: 1 });
      expect(letter?.cause).toContain('unreadable');
      await expect(letters.retry(key ?? '')).rejects.toMatchObject({ code: 'failed_precondition' });
      await host.drain();
    });

    it('keeps an unreadable message to a stateful actor as a dead letter although nothing comes after it', async () => {
      const run = await suite.freshRun();
      const host = await start(summing(), { bus: suite.bus, run });
      await suite.feed(run, 'reward-aggregator/0', [5]);
      await within(untilTold(suite.bus, run, 'policy/0', 1), 'the message before it');
      await suite.subject.storeGarbage(run, 'reward-aggregator/0');
      await within(deadLettersOf(suite.bus, run, 1), 'the dead letter');
      await host.drain();
    });

    it('a stateful actor starts again from its snapshot, skips what stays unhandled, and folds everything else in once', async () => {
      const run = await suite.freshRun();
      const actor = summing();
      const receive = actor.receive.bind(actor);
      const fragile = {
        ...actor,
        receive: (
          state: ReturnType<typeof actor.initial>,
          message: Parameters<typeof receive>[1],
          context: Parameters<typeof receive>[2],
        ) => {
          if (message.kind === 'knob' && message.body.value === 13) throw new Error('thirteen again');
          return receive(state, message, context);
        },
      };
      const host = await start(fragile, { bus: suite.bus, run, settings: { maxDeliver: 3 } });
      await suite.feed(run, 'reward-aggregator/0', range(20));
      const expected = range(20).filter((value) => value !== 13);
      expect(await within(untilTold(suite.bus, run, 'policy/0', 19), 'all others')).toEqual(expected);
      expect(await toldTo(suite.bus, run, 'curriculum/0')).toEqual(runningSums(expected));
      expect(host.status()).toMatchObject({ failures: 3, deadLetters: 1 });
      // Once it is repaired the letter can be retried; what was skipped stays skipped.
      await host.drain();
      const repaired = await start(actor, { bus: suite.bus, run });
      const [letter] = await (await DeadLetters.open(suite.bus, systemClock)).list(run);
      expect(letter).toMatchObject({ actor: 'reward-aggregator/0', cause: 'Error: thirteen again' });
      await (await DeadLetters.open(suite.bus, systemClock)).retry(letter?.key ?? '');
      expect(await within(untilTold(suite.bus, run, 'policy/0', 20), 'the retried one')).toEqual([...expected, 13]);
      await repaired.drain();
    });

    it('keeps a long handler alive: its message does not come again', async () => {
      const run = await suite.freshRun();
      const gate = new SwitchGate();
      const { promise: longEnough, resolve: finish } = Promise.withResolvers<void>();
      let tries = 0;
      const host = await start(
        pool(async (message) => {
          tries++;
          await longEnough;
          return [knobTell('verifier/0', knobValue(message))];
        }),
        { bus: suite.bus, run, gate, settings: { ackWaitMs: 300 } },
      );
      await suite.feed(run, 'executor/0', [1]);
      // One sign of life each 100 ms: eight of them are well beyond the time after which it would come again.
      const record = gate.effects.push.bind(gate.effects);
      gate.effects.push = (...effects) => {
        const length = record(...effects);
        if (gate.effects.filter((effect) => effect === 'working').length >= 8) finish();
        return length;
      };
      await within(untilTold(suite.bus, run, 'verifier/0', 1), 'the long handler');
      await host.drain();
      expect(tries).toBe(1);
    });

    it('aborts a handler whose time is up', async () => {
      const run = await suite.freshRun();
      const reasons = new Recorder<string>();
      const host = await start(
        pool(async (_message, context) => {
          const { promise, resolve } = Promise.withResolvers<void>();
          context.signal.addEventListener('abort', () => resolve(), { once: true });
          await promise;
          reasons.record(String((context.signal.reason as RedQueenError).code));
          return [];
        }),
        { bus: suite.bus, run, settings: { ackWaitMs: 150, handlerTimeoutMs: 100 } },
      );
      await suite.feed(run, 'executor/0', [1]);
      expect(await reasons.count(1)).toEqual(['deadline_exceeded']);
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
