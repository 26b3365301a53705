import { expect, test } from 'vitest';
import { deviations, runTrial } from './trial.ts';

test('a run whose whole cluster was killed is resumed to the counts of an uninterrupted one, with nothing twice and nothing lost', {
  timeout: 240_000,
}, async () => {
  const { ledger, killed, status } = await runTrial({ seed: 3, updates: 5 }, { when: 'update', update: 2, delayMs: 50 });
  // Launcher, eight services, the device, nats-server and who watches over it.
  expect(killed).toBeGreaterThanOrEqual(11);
  expect(status).toBe('finished');
  expect(ledger.faults).toEqual([]);
  expect(deviations(ledger)).toEqual([]);
});
