import { RedQueenError } from '@redqueen/core';
import { expect, it } from 'vitest';
import { adaptedMatrices } from '../model/parameter-layout.ts';
import { byteModel } from '../starter/model-file.ts';
import { craftedAdapters, craftedRank } from '../testing/crafted-adapters.ts';
import { tinySize } from '../testing/tiny-model.ts';
import { type AdapterExpectation, sha256, validateAdapter } from './adapter-file.ts';

const base = { architecture: 'llama', baseHash: 'a'.repeat(64), matrices: adaptedMatrices(byteModel(tinySize)) };
const expectation: AdapterExpectation = { ...base, maxRank: 256, rank: craftedRank };
const crafted = craftedAdapters(base);
const bad = crafted.filter(({ refusal }) => refusal !== null);
const fine = crafted.filter(({ refusal }) => refusal === null);

it.each(bad.map((each) => [each.name, each] as const))('refuses %s, saying why', (_, { bytes, refusal }) => {
  const validate = () => validateAdapter(bytes, { ...expectation, sha256: sha256(bytes) });
  expect(validate).toThrow(RedQueenError);
  expect(validate).toThrow(expect.objectContaining({ code: 'invalid_argument', message: expect.stringMatching(/^adapter: /) as string }));
  expect(validate).toThrow(refusal as RegExp);
});

it.each(fine.map((each) => [each.name, each] as const))('accepts %s', (_, { bytes }) => {
  const { rank, alpha, values } = validateAdapter(bytes, { ...expectation, sha256: sha256(bytes) });
  expect({ rank, alpha }).toEqual({ rank: craftedRank, alpha: 8 });
  expect(values.every(Number.isFinite)).toBe(true);
});

it('has at least forty bad files and two good ones, no name twice', () => {
  expect(bad.length).toBeGreaterThanOrEqual(40);
  expect(fine.length).toBeGreaterThanOrEqual(2);
  expect(new Set(crafted.map(({ name }) => name)).size).toBe(crafted.length);
});
