import { createMemoryBus, silentLogger, systemClock, type Bus } from '@redqueen/runtime';
import { afterEach, expect, it } from 'vitest';
import { isMet, runForgedTrial } from './trial.ts';

const buses: Bus[] = [];
afterEach(async () => {
  for (const bus of buses.splice(0)) await bus.close();
});

async function memoryBus(): Promise<Bus> {
  const bus = await createMemoryBus({ clock: systemClock, logger: silentLogger });
  buses.push(bus);
  return bus;
}

it.each([1, 2, 3])('no forged reward counts, no settlement changes, and the log says why: seed %i', async (seed) => {
  const trial = await runForgedTrial(await memoryBus(), { tries: 63, slots: 3, seed });
  expect(trial).toMatchObject({ tries: 63, accepted: [], unexplained: [], changed: 0 });
  expect(Object.keys(trial.ways)).toHaveLength(21);
  expect(trial.settlements).toBeGreaterThan(20);
  expect(isMet(trial)).toBe(true);
});

it('in a run that is not signed the same forgeries count and change settlements', async () => {
  const trial = await runForgedTrial(await memoryBus(), { tries: 63, slots: 3, seed: 1, isUnsigned: true });
  const accepted = new Set(trial.accepted.map((name) => name.replace(/ \(.*/, '')));
  for (const way of ['no signature', 'the key of a stranger', 'altered after signing, with ids that fit']) expect(accepted).toContain(way);
  expect(trial.changed).toBeGreaterThan(0);
  expect(isMet(trial)).toBe(false);
});
