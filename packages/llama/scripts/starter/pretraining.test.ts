import { expect, test } from 'vitest';
import { type Look, pretrain } from './pretraining.ts';
import { skillSets } from './skills.ts';

/** Pre-trains until the first look and tells what was seen. */
async function firstLook(threads: number): Promise<Look> {
  const looks: Look[] = [];
  // A clock that jumps past the limit once the first look was taken.
  const now = () => (looks.length === 0 ? 0 : 1e6);
  const run = pretrain({ set: skillSets.plain, seed: 7, threads, seconds: 100, now, onLook: (look) => looks.push(look) });
  await expect(run).rejects.toThrow(/not half-competent after 100 s; give it more --seconds/);
  return looks[0] ?? expect.fail('it never looked');
}

test('pre-training learns, and depends on the seed alone, not on the number of threads', { timeout: 240_000 }, async () => {
  const one = await firstLook(1);
  expect(one.step).toBe(20);
  // ln 259 = 5.56 is the loss of knowing nothing.
  expect(one.loss).toBeLessThan(4.5);
  expect(one.exam).toBeUndefined();
  expect(await firstLook(2)).toEqual(one);
});
