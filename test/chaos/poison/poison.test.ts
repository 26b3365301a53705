import { expect, test } from 'vitest';
import { poisonKinds } from './kinds.ts';
import { runPoisonTrial } from './trial.ts';

test('sixty kinds of poison among the messages of a run: each is dead with its cause, the run goes on to its end', {
  timeout: 120_000,
}, async () => {
  expect(new Set(poisonKinds.map(({ name }) => name)).size).toBeGreaterThanOrEqual(60);
  const { wrong, disorder, good, deliveries } = await runPoisonTrial({ bus: 'memory', each: 1, seed: 1 });
  expect(wrong).toEqual([]);
  expect(disorder).toEqual([]);
  expect(deliveries).toBeLessThanOrEqual(5);
  expect(good).toBeGreaterThanOrEqual(0.9);
});
