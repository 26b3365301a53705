// A3 and A5 together: a dead letter that is retried has its effects once, however far it had come before it died.
import { addressOf } from '@redqueen/contract';
import { DeadLetters, systemClock, type Bus } from '@redqueen/runtime';
import { knobMessage, knobTell, knobValue, KillingGate, within } from '@redqueen/testkit';
import { describe, expect, it } from 'vitest';
import { pool, start, summing, toldTo, untilTold } from './support/actors.ts';
import { onEachBus } from './support/suite.ts';

/** The key of a run's first dead letter, once there is one. */
async function deadLetterOf(bus: Bus, run: string): Promise<string> {
  const watching = async (): Promise<string> => {
    for await (const { key } of (await bus.keyValue('rq-dead')).watch(new AbortController().signal))
      if (key.startsWith(`${run}.`)) return key;
    return '';
  };
  return await within(watching(), 'the dead letter');
}

onEachBus('retried letters', (suite) => {
  describe('A3 a retried letter counts once', () => {
    it('of a pool actor killed between two effects: the second is told, the first is not told again', async () => {
      const run = await suite.freshRun();
      const settings = { maxDeliver: 1 };
      let broken = false;
      const draws: number[] = [];
      const actor = pool((message, { random }) => {
        if (broken) throw new Error('out of order');
        draws.push(random('draw').uniform());
        return [knobTell('verifier/0', knobValue(message)), knobTell('reward-aggregator/0', knobValue(message))];
      });
      const gate = new KillingGate(2, 'before');
      await start(actor, { bus: suite.subject.forgetful, run, gate, settings });
      await suite.feed(run, 'executor/0', [7]);
      await within(gate.killed, 'the kill between two effects');
      expect(await untilTold(suite.bus, run, 'verifier/0', 1)).toEqual([7]);
      broken = true;
      const host = await start(actor, { bus: suite.subject.forgetful, run, settings });
      const letter = await deadLetterOf(suite.bus, run);
      broken = false;
      await (await DeadLetters.open(suite.bus, systemClock)).retry(letter);
      expect(await within(untilTold(suite.bus, run, 'reward-aggregator/0', 1), 'the retried one')).toEqual([7]);
      await host.drain();
      expect(await toldTo(suite.bus, run, 'verifier/0')).toEqual([7]);
      // The same random numbers: a retried attempt is the attempt that it would have been.
      expect(draws).toEqual([draws[0], draws[0]]);
    });

    it('of a stateful actor killed between two effects', async () => {
      const run = await suite.freshRun();
      let broken = false;
      const actor = summing({
        seen: () => {
          if (broken) throw new Error('out of order');
        },
      });
      const gate = new KillingGate(4, 'before');
      // Lease, epoch of the snapshot, first effect; the second one is the fourth.
      await start(actor, { bus: suite.subject.forgetful, run, gate, settings: { leaseMs: 3000 } });
      await suite.feed(run, 'reward-aggregator/0', [7]);
      await within(gate.killed, 'the kill between two effects');
      expect(await untilTold(suite.bus, run, 'curriculum/0', 1)).toEqual([7]);
      broken = true;
      const host = await start(actor, { bus: suite.subject.forgetful, run, settings: { maxDeliver: 1, snapshotMessages: 1 } });
      const letter = await deadLetterOf(suite.bus, run);
      broken = false;
      await (await DeadLetters.open(suite.bus, systemClock)).retry(letter);
      expect(await within(untilTold(suite.bus, run, 'policy/0', 1), 'the retried one')).toEqual([7]);
      expect(host.state()).toEqual({ sum: 7, values: [7] });
      await host.drain();
      expect(await toldTo(suite.bus, run, 'curriculum/0')).toEqual([7]);
    });

    it('an actor that reads the whole run folds it in when it first comes, and not once more when another actor gets it again', async () => {
      const run = await suite.freshRun();
      let broken = true;
      const fragile = pool((message) => {
        if (broken) throw new Error('out of order');
        return [knobTell('verifier/0', knobValue(message))];
      });
      const sum = await start(summing({ reads: 'run' }), { bus: suite.bus, run });
      const host = await start(fragile, { bus: suite.bus, run, settings: { maxDeliver: 1 } });
      await suite.feed(run, 'executor/0', [7]);
      const letter = await deadLetterOf(suite.bus, run);
      broken = false;
      await (await DeadLetters.open(suite.bus, systemClock)).retry(letter);
      await within(untilTold(suite.bus, run, 'verifier/0', 1), 'the retried one');
      await within(untilTold(suite.bus, run, 'policy/0', 2), 'what the reader told');
      // The doubled number that was told counts; the number that was told twice counts once.
      expect(await toldTo(suite.bus, run, 'policy/0')).toEqual([7, 7]);
      await host.drain();
      await sum.drain();
    });
  });

  describe('A5 the book of dead letters', () => {
    it('shows the message, and answers what cannot be done', async () => {
      const run = await suite.freshRun();
      const letters = await DeadLetters.open(suite.bus, systemClock);
      const message = knobMessage({ run, id: 'm', value: 3 });
      const { sequence } = await suite.bus.publish(message);
      const dead = { run, actor: addressOf('executor/0'), sequence, message: { ...message } as never, cause: 'why', deliveries: 5 };
      const { key } = await letters.record(dead);
      expect(await letters.show(key)).toMatchObject({
        record: { key, cause: 'why', deliveries: 5 },
        message: { id: 'm', body: { value: 3 } },
      });
      const id = await letters.retry(key);
      expect(await toldTo(suite.bus, run, 'executor/0')).toEqual([3, 3]);
      await expect(letters.retry(key)).rejects.toMatchObject({
        code: 'not_found',
        message: expect.stringContaining('was retried already'),
      });
      await expect(letters.drop(key)).rejects.toThrow('was retried already');
      for (const unknown of [`${run}.executor.0.99`, 'nonsense', '../rq', ''])
        await expect(letters.retry(unknown)).rejects.toMatchObject({ code: 'not_found', message: expect.stringContaining('dead list') });
      // The same message recorded again, by a replica that got it late, stays retried; the retry that fails is a letter of its own.
      await letters.record({ ...dead, deliveries: 6 });
      expect(await letters.list(run)).toEqual([]);
      const again = await letters.record({ ...dead, sequence: sequence + 1, message: { ...(dead.message as object), id } as never });
      expect(await letters.list(run)).toMatchObject([{ key: again.key, id: `m.retry-${sequence}` }]);
    });

    it('a retry that was cut off before it was noted tells nothing twice', async () => {
      const run = await suite.freshRun();
      const message = knobMessage({ run, id: 'm', value: 3 });
      const { sequence } = await suite.bus.publish(message);
      const letters = await DeadLetters.open(suite.subject.forgetful, systemClock);
      const { key } = await letters.record({
        run,
        actor: addressOf('executor/0'),
        sequence,
        message: message as never,
        cause: 'why',
        deliveries: 5,
      });
      await suite.bus.publish({ ...message, id: `m.retry-${sequence}`, cause: 'm' });
      await letters.retry(key);
      expect(await toldTo(suite.bus, run, 'executor/0')).toEqual([3, 3]);
      expect(await letters.list(run)).toEqual([]);
    });
  });
});
