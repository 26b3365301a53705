import { expect, it } from 'vitest';
import { startDevice } from '@redqueen/llama';
import { craftedAdapters } from '../../../packages/llama/src/testing/crafted-adapters.ts';
import { writeTinyModel } from '../../../packages/llama/src/testing/tiny-model.ts';
import { temporaryFolder } from '../../runtime/support/folder.ts';
import { stockOutcomes } from './stock-baseline.ts';
import { isMet, runAdapterTrial, trialBase } from './trial.ts';

const seed = 1;

it('the device refuses every crafted file, loads the good ones, and serves no flipped file that gives a number which is none', async () => {
  const trial = await runAdapterTrial({ modelPath: writeTinyModel(temporaryFolder()), seed, flips: 200 });
  expect(trial).toMatchObject({ accepted: [], refused: [], untyped: [], missedByHash: [], notFinite: [], crashes: [] });
  expect(trial.bad).toBeGreaterThanOrEqual(40);
  expect(trial.fine).toBeGreaterThanOrEqual(2);
  expect(trial.flipsServed + trial.flipsRefused + trial.flipsStopped).toBe(200);
  expect(trial.flipsServed).toBeGreaterThan(0);
  expect(isMet(trial)).toBe(true);
}, 60_000);

it('stock llama.cpp alone dies over some of them, and computes nonsense with others', async () => {
  const folder = temporaryFolder();
  const modelPath = writeTinyModel(folder);
  const device = await startDevice({ modelPath, threads: 1 });
  const base = await trialBase(device);
  await device.close();
  const named = ['valid_f32', 'type_u32', 'alpha_nan', 'trailing_garbage', 'lora_a_3d', 'version_1'];
  const files = craftedAdapters(base).filter(({ name }) => named.includes(name));
  const outcomes = Object.fromEntries(await stockOutcomes(files, modelPath, folder));
  expect(outcomes).toMatchObject({
    valid_f32: 'finite',
    type_u32: expect.stringMatching(/^died/) as string,
    lora_a_3d: expect.stringMatching(/^died/) as string,
    alpha_nan: 'not finite',
    trailing_garbage: 'finite',
    version_1: 'refused',
  });
}, 60_000);
