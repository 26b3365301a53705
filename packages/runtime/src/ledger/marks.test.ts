import { addressOf, type MessageInput } from '@redqueen/contract';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createMemoryBus } from '../bus/memory/memory-bus.ts';
import type { Bus } from '../bus/port.ts';
import { silentLogger } from '../log/logger.ts';
import { systemClock } from '../system/clock.ts';
import type { LedgerDamage } from './damage.ts';
import { HeadFile, type LedgerMark } from './head-file.ts';
import { markedBus, markedSequence, markFileOf, requireStored } from './marks.ts';

const run = { run: 'r', startedAt: 7 };
let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'redqueen-marks-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const message = (id: string): MessageInput => ({
  id,
  run: run.run,
  from: addressOf('gateway/0'),
  to: addressOf('policy/0'),
  cause: '',
  traceparent: '',
  kind: 'knob',
  body: { name: 'test', value: 1, by: 'test' },
});

async function emptyBus(): Promise<Bus> {
  const bus = await createMemoryBus({ clock: systemClock, logger: silentLogger });
  await bus.openRun(run.run);
  return bus;
}

/** Publishes three messages through a marked bus and ends it. */
async function publishThree(service: string): Promise<Bus> {
  const bus = await emptyBus();
  const file = new HeadFile<LedgerMark>(markFileOf(folder, run.run, service), { clock: systemClock, logger: silentLogger });
  const marked = markedBus(bus, run, file, () => undefined);
  for (const id of ['a', 'b', 'c', 'c']) await marked.publish(message(id));
  file.close();
  return bus;
}

it('M1, M2: a store that lacks what it had confirmed to anybody is refused, one of another run of the same id is not', async () => {
  const whole = await publishThree('executor');
  expect(markedSequence(folder, run)).toBe(3);
  await requireStored(whole, folder, run);
  const shorter = await emptyBus();
  await shorter.publish(message('a'));
  await expect(requireStored(shorter, folder, run)).rejects.toThrow('messages 2 to 3 missing from the store, which had confirmed them');
  await requireStored(shorter, folder, { ...run, startedAt: 8 });
});

it('M3: a confirmation with a number that was given before shows a store that lost its end', async () => {
  const found: LedgerDamage[] = [];
  let bus = await emptyBus();
  const file = new HeadFile<LedgerMark>(markFileOf(folder, run.run, 'verifier'), { clock: systemClock, logger: silentLogger });
  const swapped: Bus = new Proxy(bus, { get: (_, key) => (key === 'publish' ? (one: MessageInput) => bus.publish(one) : undefined) });
  const marked = markedBus(swapped, run, file, (damage) => found.push(damage));
  await Promise.all([marked.publish(message('a')), marked.publish(message('b'))]);
  bus = await emptyBus();
  await expect(marked.publish(message('c'))).rejects.toMatchObject({ code: 'data_loss', sequence: 1 });
  expect(found).toHaveLength(1);
  file.close();
});
