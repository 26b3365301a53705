// J4: after a failed write of its journal the memory bus accepts nothing more; what it confirmed is there when it is opened again.
import { join } from 'node:path';
import { createMemoryBus, silentLogger, systemClock, type Bus } from '@redqueen/runtime';
import { knobMessage, knobValue, temporaryFolder } from '@redqueen/testkit';
import { expect, it } from 'vitest';
import { mountSmallDisk, whyNoSmallDisk } from './small-disk.ts';

const run = 'r1';
const message = (value: number) => knobMessage({ run, id: `m${value}`, value, name: 'x'.repeat(20_000) });

async function stored(bus: Bus): Promise<number[]> {
  const found: number[] = [];
  for await (const { message: each } of bus.read(run, { from: 1, follow: false })) found.push(knobValue(each));
  return found;
}

it.skipIf(whyNoSmallDisk() !== undefined)(
  'a full disk ends the memory bus with an error that says what and where; nothing confirmed is lost',
  async () => {
    using folder = temporaryFolder();
    using disk = mountSmallDisk(join(folder.path, 'disk'), 4);
    const open = () => createMemoryBus({ clock: systemClock, logger: silentLogger, folder: disk.path });
    const confirmed: number[] = [];
    {
      const bus = await open();
      await bus.openRun(run);
      let failure: unknown;
      for (let value = 0; failure === undefined; value++) {
        await bus.publish(message(value)).then(
          () => void confirmed.push(value),
          (reason: unknown) => (failure = reason),
        );
      }
      expect(failure).toMatchObject({ code: 'resource_exhausted' });
      expect((failure as Error).message).toContain(join(disk.path, 'bus.journal'));
      expect((failure as Error).message).toMatch(/no space left.*free disk space, then resume the run/);
      // Nothing more, and no look at how things are that could pass for health.
      await expect(bus.publish(message(100_000))).rejects.toMatchObject({ code: 'resource_exhausted' });
      expect(await bus.healthy()).toBe(false);
      await expect(bus.close()).rejects.toMatchObject({ code: 'resource_exhausted' });
    }
    expect(confirmed.length).toBeGreaterThan(100);
    // Without room it opens as well: what was confirmed can be read.
    {
      await using bus = await open();
      expect(await stored(bus)).toEqual(confirmed);
    }
    disk.empty();
  },
);

it.skipIf(whyNoSmallDisk() !== undefined)('goes on where it was once there is room', async () => {
  using folder = temporaryFolder();
  using disk = mountSmallDisk(join(folder.path, 'disk'), 4);
  const open = () => createMemoryBus({ clock: systemClock, logger: silentLogger, folder: disk.path });
  const bus = await open();
  await bus.openRun(run);
  await bus.publish(message(0));
  disk.fill(30_000);
  await bus.publish(message(1));
  await expect(bus.publish(message(2))).rejects.toMatchObject({ code: 'resource_exhausted' });
  await bus.close().catch(() => undefined);
  disk.empty();
  await using again = await open();
  await again.openRun(run);
  expect(await again.publish(message(3))).toEqual({ sequence: 3, duplicate: false });
  expect(await stored(again)).toEqual([0, 1, 3]);
});
