import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startDevice } from '@redqueen/llama';
import { expect, test } from 'vitest';
import { type Exam, examine } from './exam.ts';
import { halfCompetent } from './pretraining.ts';
import { type SkillSet, skillSets } from './skills.ts';

/** What the model of that name in the repository can do. */
async function examined(name: string, set: SkillSet): Promise<Exam> {
  const modelPath = fileURLToPath(new URL(`../../../../config/models/${name}`, import.meta.url));
  expect(statSync(modelPath).size).toBeLessThan(4e6);
  const device = await startDevice({ modelPath, threads: 2 });
  try {
    return await examine(device, set);
  } finally {
    await device.close();
  }
}

test('the starter in the repository is small, and half-competent in every family and level', { timeout: 240_000 }, async () => {
  const exam = await examined('starter.gguf', skillSets.plain);
  expect(exam.sampled).toBeGreaterThan(0.25);
  expect(exam.sampled).toBeLessThanOrEqual(0.35);
  for (const { family, level, sampled } of exam.arms) expect(sampled, `${family} ${level}`).toBeGreaterThanOrEqual(0.08);
  expect(exam.worldModel.fields).toBeLessThan(0.9);
  expect(exam.proposer.valid).toBeLessThan(0.7);
});

test('the starter with tools is too, calls the calculator now and then, and often without sense', { timeout: 240_000 }, async () => {
  const exam = await examined('starter-tools.gguf', skillSets.tools);
  const { low, high, weakest } = halfCompetent.withCalls;
  expect(exam.sampled).toBeGreaterThan(low);
  expect(exam.sampled).toBeLessThanOrEqual(high);
  for (const { family, level, sampled } of exam.arms) expect(sampled, `${family} ${level}`).toBeGreaterThanOrEqual(weakest);
  expect(exam.calls).toBeGreaterThan(0.15);
  expect(exam.calls).toBeLessThan(0.5);
});
