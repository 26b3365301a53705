// The journal behind the memory bus: what it brings back, and what becomes of a damaged one.
import { copyFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addressOf } from '@redqueen/contract';
import { FakeClock, knobMessage, knobValue, temporaryFolder } from '@redqueen/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { silentLogger, type Logger } from '../../log/logger.ts';
import type { Bus } from '../port.ts';
import { createMemoryBus, type MemoryBusOptions } from './memory-bus.ts';

const run = 'r1';
const executor = addressOf('executor/0');
const bytes = (text: string) => new TextEncoder().encode(text);

function open(folder: string, options: Partial<MemoryBusOptions> = {}): Promise<Bus> {
  return createMemoryBus({ clock: new FakeClock(), logger: silentLogger, folder, ...options });
}

async function stored(bus: Bus): Promise<number[]> {
  const found: number[] = [];
  for await (const { message } of bus.read(run, { from: 1, follow: false })) found.push(knobValue(message));
  return found;
}

async function filled(folder: string, count: number, options: Partial<MemoryBusOptions> = {}): Promise<Bus> {
  const bus = await open(folder, options);
  await bus.openRun(run);
  for (let value = 0; value < count; value++) await bus.publish(knobMessage({ run, id: `m${value}`, value }));
  return bus;
}

/** Where the records of a journal begin: 8 bytes of file header, then 12 of record header before each payload. */
function recordOffsets(journal: Buffer): number[] {
  const offsets: number[] = [];
  for (let at = 8; at < journal.length; at += 12 + journal.readUInt32LE(at)) offsets.push(at);
  return offsets;
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('the journal of the memory bus', () => {
  it('brings back messages, values, objects and what was acknowledged', async () => {
    using folder = temporaryFolder();
    const first = await filled(folder.path, 4);
    const bucket = await first.keyValue('bucket');
    await bucket.put('deleted', bytes('0'));
    const revision = await bucket.create('kept', bytes('1'));
    await bucket.delete('deleted');
    await (await first.objects('files')).put('file', bytes('content'));
    await (await first.objects('files')).put('gone', bytes('content'));
    await (await first.objects('files')).delete('gone');
    const mailbox = await first.mailbox(run, executor, { maxInFlight: 3, ackWaitMs: 1000 });
    const taken = mailbox[Symbol.asyncIterator]();
    for (const _ of range(2)) await taken.next().then(({ value }) => value.acknowledge());
    await taken.next();
    await first.close();

    const second = await open(folder.path);
    expect(await stored(second)).toEqual(range(4));
    expect(await second.publish(knobMessage({ run, id: 'm1', value: 1 }))).toEqual({ sequence: 2, duplicate: true });
    const restored = await second.keyValue('bucket');
    expect(await restored.keys()).toEqual(['kept']);
    expect(await restored.update('kept', bytes('2'), revision)).toBeGreaterThan(revision);
    expect(await (await second.objects('files')).list()).toEqual(['file']);
    const again = (await second.mailbox(run, executor, { maxInFlight: 3, ackWaitMs: 1000 }))[Symbol.asyncIterator]();
    const { value: third } = await again.next();
    // Whether it was delivered before nobody knows: it counts as if it was.
    expect([third.sequence, third.deliveries]).toEqual([3, 2]);
    await second.close();
  });

  it('cuts off an unfinished last record, wherever it ends, says so, and goes on', async () => {
    using folder = temporaryFolder();
    await (await filled(folder.path, 3)).close();
    const whole = readFileSync(join(folder.path, 'bus.journal'));
    const [, second = 0] = recordOffsets(whole);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 8, max: whole.length }), async (length) => {
        using copy = temporaryFolder();
        writeFileSync(join(copy.path, 'bus.journal'), whole.subarray(0, length));
        const warnings: object[] = [];
        const logger = { ...silentLogger, warn: (facts: object) => warnings.push(facts) } as unknown as Logger;
        const bus = await open(copy.path, { logger });
        await bus.openRun(run);
        const before = await stored(bus);
        expect(before).toEqual(range(before.length));
        await bus.publish(knobMessage({ run, id: 'next', value: before.length }));
        await bus.close();
        const reopened = await open(copy.path);
        expect(await stored(reopened)).toEqual(range(before.length + 1));
        await reopened.close();
        expect(warnings.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 40, examples: [[8], [9], [second], [whole.length - 1], [whole.length]] },
    );
  });

  it('cuts off space that was given but never written', async () => {
    using folder = temporaryFolder();
    await (await filled(folder.path, 3)).close();
    const path = join(folder.path, 'bus.journal');
    truncateSync(path, readFileSync(path).length + 4096);
    const bus = await open(folder.path);
    expect(await stored(bus)).toEqual(range(3));
    await bus.close();
  });

  it('refuses a journal that is damaged before its last record, whichever byte it is, and names the file', async () => {
    using folder = temporaryFolder();
    await (await filled(folder.path, 5)).close();
    const path = join(folder.path, 'bus.journal');
    const whole = readFileSync(path);
    const lastRecord = recordOffsets(whole).at(-1) ?? 0;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: lastRecord - 1 }), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const damaged = Buffer.from(whole);
        damaged[at] = (damaged[at] ?? 0) ^ flip;
        writeFileSync(path, damaged);
        await expect(open(folder.path)).rejects.toMatchObject({ code: 'data_loss' });
        await expect(open(folder.path)).rejects.toThrow(path);
        expect(readFileSync(path).equals(damaged)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('reads old messages back from the file once there are many', async () => {
    using folder = temporaryFolder();
    const bus = await filled(folder.path, 50, { keepInMemory: 5 });
    expect(await stored(bus)).toEqual(range(50));
    await bus.close();
    const reopened = await open(folder.path, { keepInMemory: 5 });
    expect(await stored(reopened)).toEqual(range(50));
    await reopened.close();
  });

  it('belongs to one bus at a time, and to nobody once its process is gone', async () => {
    using folder = temporaryFolder();
    const bus = await filled(folder.path, 1);
    await expect(open(folder.path)).rejects.toMatchObject({ code: 'failed_precondition' });
    await bus.close();
    // The greatest process id that Linux knows is far below this one.
    writeFileSync(join(folder.path, 'bus.lock'), '999999999');
    const heir = await open(folder.path);
    expect(await stored(heir)).toEqual([0]);
    await heir.close();
  });

  it('is at every moment a state that the bus had: a copy of the file goes on from there', async () => {
    using folder = temporaryFolder();
    const bus = await filled(folder.path, 0);
    const copies: string[] = [];
    const publications = range(30).map(async (value) => {
      await bus.publish(knobMessage({ run, id: `m${value}`, value }));
      const copy = join(folder.path, `copy-${value}`);
      mkdirSync(copy);
      copyFileSync(join(folder.path, 'bus.journal'), join(copy, 'bus.journal'));
      copies.push(copy);
    });
    await Promise.all(publications);
    await bus.close();
    for (const copy of copies) {
      const copied = await open(copy);
      const found = await stored(copied);
      expect(found).toEqual(range(found.length));
      // What was confirmed before the copy was made is in it.
      expect(found.length).toBeGreaterThan(Number(copy.split('-').at(-1)));
      await copied.close();
    }
  });

  it('says so when it cannot be opened', async () => {
    using folder = temporaryFolder();
    mkdirSync(join(folder.path, 'bus.journal'));
    await expect(open(folder.path)).rejects.toMatchObject({ code: 'failed_precondition' });
  });
});
