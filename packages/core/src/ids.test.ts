import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { derivedId, hash, rewardId, seedOf, type HashPart } from './ids.ts';

const part = fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer(), fc.boolean());
const parts = fc.array<HashPart>(part, { maxLength: 4 });

test('hash is SHA-256 of the tagged, length-prefixed parts', () => {
  expect(hash('é', 12, true)).toBe(createHash('sha256').update('s2:én2:12b4:true').digest('hex'));
});

test('different parts have different hashes', () => {
  fc.assert(
    fc.property(parts, parts, (left, right) => {
      expect(hash(...left) === hash(...right)).toBe(JSON.stringify(left) === JSON.stringify(right));
    }),
  );
  expect(hash('a', 'b')).not.toBe(hash('ab'));
  expect(hash(1)).not.toBe(hash('1'));
});

test('hash refuses what is no finite number', () => {
  expect(() => hash(Number.NaN)).toThrow(/no finite number/);
});

test('every field of a reward key counts', () => {
  const key = { run: 'r', episode: 'e', agent: 'a', role: 'o', turn: 1, term: 't', epoch: 0 };
  const variants = [{}, { run: 'x' }, { episode: 'x' }, { agent: 'x' }, { role: 'x' }, { turn: 2 }, { term: 'x' }, { epoch: 1 }];
  expect(new Set(variants.map((variant) => rewardId({ ...key, ...variant }))).size).toBe(variants.length);
  expect(rewardId(key)).toMatch(/^[0-9a-f]{64}$/);
});

test('ids and seeds are stable: a change here breaks the resumption of recorded runs', () => {
  expect(derivedId('m', 'executor/0', 0)).toBe('0fade1c2a73d93202d5490fe5e05a99d');
  expect(seedOf(1, 'task', 'attempts')).toBe(3268296143);
});
