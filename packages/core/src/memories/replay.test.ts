import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memoryStores } from './index.ts';
import { similarityOf } from './similarity.ts';

const store = (options = {}) => memoryStores.create({ use: 'replay', options }, { seed: 1 });
const sum = (about: string, content = '1', merit = 1) => ({ scope: 'add', about, content, merit });

describe('similarity', () => {
  test('Dice coefficient by hand: "ab" and "abc" share ^a and ab of 3 and 4 bigrams', () => {
    expect(similarityOf('ab', 'abc')).toBeCloseTo((2 * 2) / 7, 12);
  });

  test('in [0, 1], symmetric, 1 for equal texts', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        const similarity = similarityOf(a, b);
        expect(similarity).toBeGreaterThanOrEqual(0);
        expect(similarity).toBeLessThanOrEqual(1);
        expect(similarityOf(b, a)).toBe(similarity);
        expect(similarityOf(a, a)).toBe(1);
      }),
    );
  });
});

describe('replay', () => {
  test('finds the most similar of its scope, of enough merit', async () => {
    const memory = store();
    for (const experience of [sum('37+45='), sum('37+44=', '81', 0.5), sum('12+9='), { ...sum('37+45='), scope: 'other' }]) {
      await memory.write(experience);
    }
    const ask = { scope: 'add', about: '37+44=', count: 2 };
    expect((await memory.query(ask)).map(({ about }) => about)).toEqual(['37+44=', '37+45=']);
    expect((await memory.query({ ...ask, atLeastMerit: 0.9 })).map(({ about }) => about)).toEqual(['37+45=', '12+9=']);
  });

  test('the oldest make room; writing again makes an experience new', async () => {
    const memory = store({ capacity: 2 });
    for (const about of ['a', 'b', 'a', 'c']) await memory.write(sum(about));
    const kept = await memory.query({ scope: 'add', about: 'a', count: 9 });
    expect(kept.map(({ about }) => about).sort()).toEqual(['a', 'c']);
  });

  test('feedback moves merit; consolidation keeps the best content of a situation', async () => {
    const memory = store({ rate: 0.5 });
    await memory.write(sum('a', 'right', 0.6));
    const wrong = await memory.write(sum('a', 'wrong', 0.8));
    await memory.feedback(wrong, false);
    await memory.feedback('nothing', true);
    expect(await memory.consolidate()).toEqual({ merged: 1, dropped: 0 });
    expect(await memory.query({ scope: 'add', about: 'a', count: 9 })).toMatchObject([{ content: 'right', merit: 0.6, similarity: 1 }]);
  });
});
