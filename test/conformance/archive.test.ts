// A run that is archived on one bus and imported on another goes on there as if nothing had happened.
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  archiveRun,
  createMemoryBus,
  importArchive,
  openArchive,
  removeTraces,
  Runs,
  silentLogger,
  systemClock,
  type Bus,
} from '@redqueen/runtime';
import { collected, knobMessage, recordOf, temporaryFolder, within } from '@redqueen/testkit';
import { expect, it } from 'vitest';
import { doubler, start, summing, toldTo, untilTold } from './support/actors.ts';
import { onEachBus, range, runningSums } from './support/suite.ts';

async function* nothing() {}

async function archiveTo(bus: Bus, run: string, file: string): Promise<void> {
  const record = await (await Runs.open(bus)).get(run);
  if (!record) throw new Error(`no record of ${run}`);
  await pipeline(Readable.from(archiveRun({ bus, clock: systemClock, record, documents: nothing() })), createWriteStream(file));
}

/** Feeds numbers through a pool and a stateful actor until all of them have come out. */
async function work(bus: Bus, run: string, values: readonly number[], total: number): Promise<void> {
  const hosts = [await start(doubler, { bus, run }), await start(summing(), { bus, run })];
  await Promise.all(values.map((value) => bus.publish(knobMessage({ run, id: `m${value}`, value }))));
  await within(untilTold(bus, run, 'policy/0', total), 'the sums');
  await within(untilTold(bus, run, 'verifier/0', total), 'the doubles');
  await Promise.all(hosts.map((host) => host.drain()));
}

onEachBus('archives', (suite) => {
  it('a run goes on on another bus, and comes back', async () => {
    using folder = temporaryFolder();
    const run = await suite.freshRun();
    await (await Runs.open(suite.bus)).create({ ...recordOf(), run, status: 'stopped' });
    await work(suite.bus, run, range(20), 20);
    const there = join(folder.path, 'there.rqrun');
    await archiveTo(suite.bus, run, there);
    await using other = await createMemoryBus({ clock: systemClock, logger: silentLogger });
    await importArchive(other, there, async () => undefined);
    await work(other, run, range(20, 21), 40);
    const back = join(folder.path, 'back.rqrun');
    await archiveTo(other, run, back);
    await removeTraces(suite.bus, run);
    await importArchive(suite.bus, back, async () => undefined);
    await work(suite.bus, run, range(20, 41), 60);
    const values = await toldTo(suite.bus, run, 'policy/0');
    expect(values.toSorted((a, b) => a - b)).toEqual(range(60).map((value) => value * 2));
    expect(await toldTo(suite.bus, run, 'curriculum/0')).toEqual(runningSums(values));
    expect(await toldTo(suite.bus, run, 'verifier/0')).toHaveLength(60);
    const archive = await openArchive(back);
    const onBus = await collected(suite.bus.read(run, { from: 1, follow: false }));
    expect(await collected(archive.read())).toEqual(onBus.slice(0, archive.lastSequence));
  });
});
