// A3: whatever is killed and repeated, every effect happens once.
import { knobMessage, knobTell, knobValue, KillingGate, Recorder, within, type Gate } from '@redqueen/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { doubler, pool, start, summing, toldTo, untilTold } from './support/actors.ts';
import { onEachBus, range, runningSums } from './support/suite.ts';

onEachBus('effectively once', (suite) => {
  describe('A3 effectively once', () => {
    it('tells the same ids when a message is handled again, and nobody sees them twice', async () => {
      const run = await suite.freshRun();
      const sum = await start(summing(), { bus: suite.bus, run });
      const host = await start(doubler, { bus: suite.bus, run });
      const message = knobMessage({ run, id: 'once', to: 'executor/0', value: 5 });
      await suite.bus.publish(message);
      await untilTold(suite.bus, run, 'policy/0', 1);
      await host.drain();
      // A new host knows nothing of the first one; the repeated input makes it tell the same ids again.
      await suite.subject.storeAgain(message);
      const again = await start(doubler, { bus: suite.bus, run });
      await suite.bus.publish(knobMessage({ run, id: 'other', to: 'executor/0', value: 6 }));
      await within(untilTold(suite.bus, run, 'policy/0', 2), 'the second number');
      await again.drain();
      await sum.drain();
      expect(await toldTo(suite.bus, run, 'policy/0')).toEqual([10, 12]);
    });

    it('gives what two actors tell because of one message ids of their own', async () => {
      const run = await suite.freshRun();
      const sum = await start(summing({ reads: 'run' }), { bus: suite.bus, run });
      const echo = await start(
        pool((message) => [knobTell('proposer/0', knobValue(message))]),
        { bus: suite.bus, run },
      );
      await suite.bus.publish(knobMessage({ run, id: 'shared', to: 'executor/0', value: 5 }));
      await within(untilTold(suite.bus, run, 'proposer/0', 1), 'what the addressee tells');
      await within(untilTold(suite.bus, run, 'curriculum/0', 1), 'what the reader of the run tells');
      await Promise.all([echo.close(), sum.close()]);
    });

    it('drops a message that is stored twice, however long after the duplicate window', async () => {
      const run = await suite.freshRun();
      const host = await start(summing(), { bus: suite.bus, run });
      const message = knobMessage({ run, id: 'twice', to: 'reward-aggregator/0', value: 5 });
      await suite.bus.publish(message);
      await untilTold(suite.bus, run, 'policy/0', 1);
      await host.drain();
      await suite.subject.storeAgain(message);
      const next = await start(summing(), { bus: suite.bus, run });
      await suite.bus.publish(knobMessage({ run, id: 'other', to: 'reward-aggregator/0', value: 1 }));
      await within(untilTold(suite.bus, run, 'policy/0', 2), 'the other number');
      expect(next.state()).toEqual({ sum: 6, values: [5, 1] });
      expect(next.status().duplicates).toBe(1);
      await next.close();
    });

    it('a stateful actor killed at any effect, any number of times, tells everything exactly once, without help from the bus', async () => {
      const kills = fc.array(
        fc.record({ count: fc.integer({ min: 1, max: 30 }), when: fc.constantFrom('before' as const, 'after' as const) }),
        { maxLength: 3 },
      );
      const readings = fc.constantFrom('mailbox' as const, 'run' as const);
      await fc.assert(
        fc.asyncProperty(kills, readings, fc.boolean(), async (plan, reads, snapshots) => {
          const run = await suite.freshRun();
          const actor = summing({ reads, canSnapshot: (state) => snapshots || state.values.length % 5 === 0 });
          const settings = { leaseMs: 120, snapshotMessages: 3 };
          await suite.feed(run, 'reward-aggregator/0', range(8));
          const complete = untilTold(suite.bus, run, 'policy/0', 16);
          for (const { count, when } of plan) {
            const gate = new KillingGate(count, when);
            const host = await start(actor, { bus: suite.subject.forgetful, run, gate, settings });
            await Promise.race([gate.killed, within(untilTold(suite.bus, run, 'policy/0', 8), 'this life', 5000)]);
            // Where the plan asks for more effects than there were, the host is killed at the end.
            void host;
            gate.before = () => new Promise(() => undefined);
          }
          const last = await start(actor, { bus: suite.subject.forgetful, run, settings });
          await suite.feed(run, 'reward-aggregator/0', range(8, 9));
          expect(await within(complete, 'all numbers', 8000)).toEqual(range(16));
          await last.drain();
          expect(await toldTo(suite.bus, run, 'policy/0')).toEqual(range(16));
          expect(await toldTo(suite.bus, run, 'curriculum/0')).toEqual(runningSums(range(16)));
        }),
        { numRuns: 12, endOnFailure: true },
      );
    });

    it('no snapshot covers what is not confirmed: a lost publication is told by the next activation', async () => {
      const run = await suite.freshRun();
      const lost = new Promise<void>(() => undefined);
      let publications = 0;
      let killed = false;
      const gate: Gate = {
        before: (effect) => (killed || (effect === 'publish' && ++publications === 6) ? lost : undefined),
        after: () => (killed ? lost : undefined),
      };
      await start(summing(), { bus: suite.bus, run, gate, settings: { snapshotMessages: 1 } });
      await suite.feed(run, 'reward-aggregator/0', range(12));
      await within(untilTold(suite.bus, run, 'policy/0', 11), 'everything but the lost one');
      // It would have time enough for a snapshot.
      for (const value of range(8, 13)) {
        await suite.feed(run, 'reward-aggregator/0', [value]);
        await within(untilTold(suite.bus, run, 'policy/0', value - 1), 'one more');
      }
      killed = true;
      const next = await start(summing(), { bus: suite.bus, run });
      const told = await within(untilTold(suite.bus, run, 'policy/0', 20), 'the lost one');
      expect(told.toSorted((a, b) => a - b)).toEqual(range(20));
      await next.drain();
    });

    it('a pool killed at any effect tells everything exactly once, without help from the bus', async () => {
      const kill = fc.record({ count: fc.integer({ min: 1, max: 24 }), when: fc.constantFrom('before' as const, 'after' as const) });
      await fc.assert(
        fc.asyncProperty(kill, async ({ count, when }) => {
          const run = await suite.freshRun();
          const gate = new KillingGate(count, when);
          await suite.feed(run, 'executor/0', range(8));
          await start(doubler, { bus: suite.subject.forgetful, run, gate, settings: { ackWaitMs: 100 } });
          await Promise.race([gate.killed, within(untilTold(suite.bus, run, 'reward-aggregator/0', 8), 'this life')]);
          gate.before = () => new Promise(() => undefined);
          const next = await start(doubler, { bus: suite.subject.forgetful, run, settings: { ackWaitMs: 100 } });
          for (const to of ['verifier/0', 'reward-aggregator/0']) {
            const told = await within(untilTold(suite.bus, run, to, 8), 'the next life');
            expect(told.toSorted((a, b) => a - b)).toEqual(range(8).map((value) => value * 2));
          }
          await next.drain();
          expect(await toldTo(suite.bus, run, 'verifier/0')).toHaveLength(8);
          expect(await toldTo(suite.bus, run, 'reward-aggregator/0')).toHaveLength(8);
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
          { bus: suite.bus, run },
        );
        await suite.bus.publish(knobMessage({ run, id: 'seeded' }));
        const events = await drawn.count(2);
        await host.drain();
        return events;
      };
      const [first, second] = [await numbers(await suite.freshRun()), await numbers(await suite.freshRun())];
      expect(first).toEqual(second);
      expect(new Set(first).size).toBe(2);
    });
  });
});
