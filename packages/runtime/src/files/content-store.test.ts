import { createMemoryBus } from '../bus/memory/memory-bus.ts';
import type { Bus } from '../bus/port.ts';
import { silentLogger } from '../log/logger.ts';
import { systemClock } from '../system/clock.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ContentStore, sha256Of } from './content-store.ts';

let bus: Bus;
beforeEach(async () => {
  bus = await createMemoryBus({ clock: systemClock, logger: silentLogger });
});
afterEach(() => bus.close());

const bytes = Buffer.from('an adapter');

it('names files by their content and gives them back', async () => {
  const store = new ContentStore(bus, 'adapters', 'one');
  expect(await store.put(bytes)).toBe(sha256Of(bytes));
  expect(Buffer.from(await store.get(sha256Of(bytes)))).toEqual(bytes);
  expect(await (await bus.objects('rq-adapters')).list()).toEqual([sha256Of(bytes)]);
});

it('keeps a file as long as any run holds it', async () => {
  const stores = ['one', 'two', 'three'].map((run) => new ContentStore(bus, 'adapters', run));
  const [hash = ''] = await Promise.all(stores.map((store) => store.put(bytes)));
  await Promise.all(stores.slice(1).map((store) => store.release(hash)));
  await stores[1]?.release(hash);
  expect(Buffer.from((await stores[0]?.get(hash)) ?? [])).toEqual(bytes);
  await stores[0]?.release(hash);
  await expect(stores[0]?.get(hash)).rejects.toMatchObject({ code: 'not_found' });
});

it('says that a file is corrupt, and mends it when the same content is stored again', async () => {
  const store = new ContentStore(bus, 'optimizers', 'one');
  const hash = await store.put(bytes);
  await (await bus.objects('rq-optimizers')).put(hash, Buffer.from('something else'));
  await expect(store.get(hash)).rejects.toThrow(
    `file ${hash} in the object store rq-optimizers is corrupt: its content has SHA-256 ${sha256Of(Buffer.from('something else'))}`,
  );
  await store.put(bytes);
  expect(Buffer.from(await store.get(hash))).toEqual(bytes);
});
