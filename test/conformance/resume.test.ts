// A process on the memory bus that is killed at any moment goes on from its journal, with nothing told twice and nothing lost.
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createMemoryBus, silentLogger, systemClock, type Bus } from '@redqueen/runtime';
import { knobMessage, temporaryFolder, within } from '@redqueen/testkit';
import { describe, expect, it } from 'vitest';
import { doubler, start, summing, toldTo, untilTold } from './support/actors.ts';
import { range, runningSums } from './support/suite.ts';

const run = 'resumed';
const count = 40;

async function openBus(folder: string): Promise<Bus> {
  const bus = await createMemoryBus({ clock: systemClock, logger: silentLogger, folder });
  await bus.openRun(run);
  return bus;
}

describe('a run on a journal', () => {
  it('goes on from a copy of the journal taken at any moment', async () => {
    using folder = temporaryFolder();
    const bus = await openBus(folder.path);
    const settings = { leaseMs: 60, snapshotMessages: 3, ackWaitMs: 5000 };
    const hosts = [await start(doubler, { bus, run, settings }), await start(summing(), { bus, run, settings })];
    await Promise.all(range(count).map((value) => bus.publish(knobMessage({ run, id: `m${value}`, to: 'executor/0', value }))));
    const copies: string[] = [];
    // One copy for each step that the stream made, as a kill at that moment would leave it.
    for await (const { sequence } of bus.read(run, { from: 1, follow: true })) {
      if (sequence % 12 === 0) {
        const copy = join(folder.path, `copy-${sequence}`);
        mkdirSync(copy);
        copyFileSync(join(folder.path, 'bus.journal'), join(copy, 'bus.journal'));
        copies.push(copy);
      }
      // Each number is told as two doubles, each double that the summing actor gets as two messages more.
      if (sequence >= count * 5) break;
    }
    await Promise.all(hosts.map((host) => host.close()));
    await bus.close();
    expect(copies.length).toBeGreaterThan(10);
    for (const copy of copies) await finish(copy);
  });
});

/** Runs what is left of a copied run, and checks that the whole is as if nothing had happened. */
async function finish(folder: string): Promise<void> {
  const bus = await openBus(folder);
  // Where the copy was made before a message was confirmed, its sender would publish it again.
  await Promise.all(range(count).map((value) => bus.publish(knobMessage({ run, id: `m${value}`, to: 'executor/0', value }))));
  const settings = { leaseMs: 60, snapshotMessages: 3, ackWaitMs: 5000 };
  const hosts = [await start(doubler, { bus, run, settings }), await start(summing(), { bus, run, settings })];
  await within(untilTold(bus, run, 'policy/0', count), 'the rest of the run');
  await within(untilTold(bus, run, 'verifier/0', count), 'the rest of the run');
  await Promise.all(hosts.map((host) => host.drain()));
  const values = await toldTo(bus, run, 'policy/0');
  expect(values.toSorted((a, b) => a - b)).toEqual(range(count).map((value) => value * 2));
  expect(await toldTo(bus, run, 'curriculum/0')).toEqual(runningSums(values));
  expect(await toldTo(bus, run, 'verifier/0')).toHaveLength(count);
  await bus.close();
}
