import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { encodeGguf } from '../gguf/writer.ts';
import { rewriteTinyModel } from '../testing/rewritten-model.ts';
import { writeTinyModel } from '../testing/tiny-model.ts';
import { summariseModel } from './model-summary.ts';

const folder = mkdtempSync(join(tmpdir(), 'redqueen-summary-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('counts weights, names their types, and says that a dense llama is trained by gradients', () => {
  const summary = summariseModel(writeTinyModel(folder));
  expect(summary).toMatchObject({ architecture: 'llama', training: 'gradients', reason: '', chatTemplate: false, vocabulary: 259 });
  expect(summary.types).toEqual({ F32: 1 });
  expect(summary.parameters).toBeGreaterThan(259 * summary.width);
});

it('says why a model is of no use, and still what it is', () => {
  const file = join(folder, 'other.gguf');
  const architecture = { key: 'general.architecture', type: 'string', value: 'mamba' } as const;
  const tensor = { name: 'token_embd.weight', type: 1, shape: [8, 4], data: new Uint8Array(64) };
  writeFileSync(file, encodeGguf([architecture], [tensor]));
  expect(summariseModel(file)).toMatchObject({ architecture: 'mamba', parameters: 32, types: { F16: 1 }, vocabulary: 4, training: 'none' });
  expect(summariseModel(file).reason).toContain('its architecture is mamba');
});

it('names evolution strategies for an architecture whose graph is not ours', () => {
  const summary = summariseModel(rewriteTinyModel(folder, 'gemma'));
  expect(summary).toMatchObject({ architecture: 'gemma', training: 'evolution-strategies' });
  expect(summary.reason).toContain('its architecture is gemma');
});

it('refuses a truncated file', () => {
  const whole = readFileSync(writeTinyModel(folder));
  const file = join(folder, 'cut.gguf');
  writeFileSync(file, whole.subarray(0, 2000));
  expect(() => summariseModel(file)).toThrow('truncated');
});
