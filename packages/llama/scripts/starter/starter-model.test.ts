import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startDevice } from '@redqueen/llama';
import { expect, test } from 'vitest';
import { examine } from './exam.ts';
import { skillSets } from './skills.ts';

const modelPath = fileURLToPath(new URL('../../../../config/models/starter.gguf', import.meta.url));

test('the starter in the repository is small, and half-competent in every family and level', { timeout: 240_000 }, async () => {
  expect(statSync(modelPath).size).toBeLessThan(4e6);
  const device = await startDevice({ modelPath, threads: 2 });
  try {
    const exam = await examine(device, skillSets.plain);
    expect(exam.sampled).toBeGreaterThan(0.25);
    expect(exam.sampled).toBeLessThanOrEqual(0.35);
    for (const { family, level, sampled } of exam.arms) expect(sampled, `${family} ${level}`).toBeGreaterThanOrEqual(0.08);
    expect(exam.worldModel.fields).toBeLessThan(0.9);
    expect(exam.proposer.valid).toBeLessThan(0.7);
  } finally {
    await device.close();
  }
});
