import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addressOf } from '@redqueen/contract';
import { collected, knobMessage, recordOf, temporaryFolder } from '@redqueen/testkit';
import type { RunRecord } from '@redqueen/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryBus, storeOf } from '../bus/memory/memory-bus.ts';
import type { Bus } from '../bus/port.ts';
import { ContentStore } from '../files/content-store.ts';
import { silentLogger } from '../log/logger.ts';
import { Runs } from '../runs/runs.ts';
import { removeTraces } from '../runs/traces.ts';
import { systemClock } from '../system/clock.ts';
import { encodeEntry, headerOf } from './format.ts';
import { importArchive } from './import.ts';
import { openArchive } from './read.ts';
import { archiveRun, type ArchivedDocument } from './write.ts';

const record: RunRecord = { ...recordOf(), run: 'kept', status: 'stopped', endedAt: 5 };
const report = Buffer.from('{"format":1}');

async function* documents(): AsyncGenerator<ArchivedDocument> {
  yield { name: 'report.json', bytes: report };
}

/** A bus with a small run that has something of everything. */
async function busWithRun(): Promise<Bus> {
  const bus = await createMemoryBus({ clock: systemClock, logger: silentLogger });
  await bus.openRun('kept');
  for (let value = 1; value <= 5; value++) await bus.publish(knobMessage({ run: 'kept', id: `m${value}`, value }));
  storeOf(bus).publish('kept', { id: 'garbage', to: 'executor/0', bytes: new Uint8Array([255, 255]) });
  await (await bus.keyValue('rq-snapshots')).put('kept.curriculum.0', Buffer.from('state'));
  await (await bus.keyValue('rq-snapshots')).put('keptto.curriculum.0', Buffer.from('of another run'));
  await (await bus.objects('rq-snapshot-objects')).put('kept.curriculum.0.1.5', Buffer.from('large state'));
  await new ContentStore(bus, 'adapters', 'kept').put(Buffer.from('adapter'));
  await new ContentStore(bus, 'adapters', 'other').put(Buffer.from('adapter'));
  await new ContentStore(bus, 'optimizers', 'kept').put(Buffer.from('moments'));
  await (await Runs.open(bus)).create(record);
  return bus;
}

async function archived(bus: Bus, of: RunRecord = record): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of archiveRun({ bus, clock: systemClock, record: of, documents: documents() })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('an archive', () => {
  it('holds the stream as it is stored, and the record', async () => {
    using folder = temporaryFolder();
    await using bus = await busWithRun();
    const file = join(folder.path, 'kept.rqrun');
    writeFileSync(file, await archived(bus));
    const archive = await openArchive(file);
    expect(archive.record).toEqual(record);
    expect(archive.lastSequence).toBe(6);
    const unreadable: number[] = [];
    const messages = await collected(archive.read({ onUnreadable: (sequence) => unreadable.push(sequence) }));
    expect(messages).toEqual(await collected(bus.read('kept', { from: 1, follow: false })));
    expect(unreadable).toEqual([6]);
    expect((await collected(archive.read({ from: 4, to: addressOf('executor/0') }))).map(({ sequence }) => sequence)).toEqual([4, 5]);
    expect(await collected(archive.read({ to: addressOf('verifier/0') }))).toEqual([]);
  });

  it('of a run that is under way is refused', async () => {
    await using bus = await busWithRun();
    await expect(archived(bus, { ...record, status: 'running' })).rejects.toMatchObject({ code: 'failed_precondition' });
  });

  it('is refused wherever a byte was changed, and wherever it was cut off, with the position', async () => {
    using folder = temporaryFolder();
    await using bus = await busWithRun();
    const whole = await archived(bus);
    const file = join(folder.path, 'damaged.rqrun');
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length - 1 }), fc.integer({ min: 0, max: 7 }), async (at, bit) => {
        const changed = Buffer.from(whole);
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        writeFileSync(file, changed);
        const code = at < 8 ? /invalid_argument|failed_precondition/ : /data_loss/;
        await expect(openArchive(file)).rejects.toMatchObject({ code: expect.stringMatching(code) });
        writeFileSync(file, whole.subarray(0, at));
        await expect(openArchive(file)).rejects.toMatchObject(
          at < 8 ? { code: 'invalid_argument' } : { code: 'data_loss', message: expect.stringMatching(/damaged at byte \d+/) },
        );
      }),
      { numRuns: 60 },
    );
    writeFileSync(file, Buffer.concat([whole, whole.subarray(8)]));
    await expect(openArchive(file)).rejects.toThrow(`${file} is damaged at byte ${whole.length}: something follows the end`);
  });

  it('that is none, is of a newer format, or does not exist is refused in words', async () => {
    using folder = temporaryFolder();
    await using bus = await busWithRun();
    const file = join(folder.path, 'other');
    await expect(openArchive(file)).rejects.toMatchObject({ code: 'not_found' });
    writeFileSync(file, 'GGUF and so on, quite another file');
    await expect(openArchive(file)).rejects.toThrow('is no archive of a run');
    writeFileSync(file, Buffer.concat([Buffer.from('RQRUN002'), (await archived(bus)).subarray(8)]));
    await expect(openArchive(file)).rejects.toThrow('has format 2, this program reads up to 1');
    await expect(openArchive(folder.path)).rejects.toMatchObject({ code: 'failed_precondition' });
  });
});

describe('an imported run', () => {
  it('is the run that was archived, files shared with other runs included', async () => {
    using folder = temporaryFolder();
    await using bus = await busWithRun();
    await using target = await createMemoryBus({ clock: systemClock, logger: silentLogger });
    const file = join(folder.path, 'kept.rqrun');
    writeFileSync(file, await archived(bus));
    const written: string[] = [];
    const write = async (run: string, name: string, bytes: Uint8Array) =>
      void written.push(`${run}/${name} ${Buffer.from(bytes).toString()}`);
    expect(await importArchive(target, file, write)).toEqual(record);
    expect(written).toEqual([`kept/report.json ${report.toString()}`]);
    expect((await archived(target)).length).toBe(readFileSync(file).length);
    expect(await (await target.keyValue('rq-snapshots')).keys()).toEqual(['kept.curriculum.0']);
    await expect(importArchive(target, file, write)).rejects.toMatchObject({ code: 'already_exists' });
  });

  it('leaves nothing behind where it fails, and takes the place of what an import left that was cut off', async () => {
    using folder = temporaryFolder();
    await using bus = await busWithRun();
    await using target = await createMemoryBus({ clock: systemClock, logger: silentLogger });
    const file = join(folder.path, 'kept.rqrun');
    writeFileSync(file, await archived(bus));
    const full = async () => Promise.reject(new Error('ENOSPC'));
    await expect(importArchive(target, file, full)).rejects.toThrow('ENOSPC');
    expect(await target.storage('kept').exists()).toBe(false);
    expect(await (await target.objects('rq-adapters')).list()).toEqual([]);
    await target.openRun('kept');
    await target.publish(knobMessage({ run: 'kept', id: 'left' }));
    await importArchive(target, file, async () => undefined);
    expect(await target.lastSequence('kept')).toBe(6);
  });

  it('that holds what is not its own is refused', async () => {
    using folder = temporaryFolder();
    await using bus = await busWithRun();
    await using target = await createMemoryBus({ clock: systemClock, logger: silentLogger });
    const file = join(folder.path, 'kept.rqrun');
    const { entries } = await (async () => {
      writeFileSync(file, await archived(bus));
      return await openArchive(file);
    })();
    const { createHash } = await import('node:crypto');
    const kept: Buffer[] = [Buffer.from('RQRUN001')];
    let count = 0;
    for await (const { head, body } of entries()) {
      const entry = { head: head.type === 'value' ? { ...head, key: 'keptto.policy.0' } : head, body };
      if (entry.head.type === 'end')
        entry.head = { type: 'end', entries: count, sha256: createHash('sha256').update(Buffer.concat(kept)).digest('hex') };
      const bytes = encodeEntry(entry);
      kept.push(headerOf(bytes), bytes);
      count++;
    }
    writeFileSync(file, Buffer.concat(kept));
    await expect(importArchive(target, file, async () => undefined)).rejects.toThrow('which is not its own');
  });
});

describe('a removed run', () => {
  it('leaves nothing but what others hold', async () => {
    await using bus = await busWithRun();
    await removeTraces(bus, 'kept');
    expect(await bus.storage('kept').exists()).toBe(false);
    expect(await (await Runs.open(bus)).list()).toEqual([]);
    expect(await (await bus.keyValue('rq-snapshots')).keys()).toEqual(['keptto.curriculum.0']);
    expect(await (await bus.objects('rq-snapshot-objects')).list()).toEqual([]);
    expect(await (await bus.objects('rq-adapters')).list()).toHaveLength(1);
    expect(await (await bus.objects('rq-optimizers')).list()).toEqual([]);
    await removeTraces(bus, 'kept');
  });
});
