import { expect, it } from 'vitest';
import { LanePool } from './lane-pool.ts';

/** A pool of plain members: it only hands them out, whatever they are. */
function poolOf(lanes: number): LanePool<{ readonly index: number }> {
  let clock = 0;
  return new LanePool(
    Array.from({ length: lanes }, (_, index) => ({ index })),
    () => clock++,
  );
}

it('lets owners take turns, each in its own order', async () => {
  const pool = poolOf(1);
  const order: string[] = [];
  const work = (name: string) => () => Promise.resolve(order.push(name));
  await Promise.all([
    ...['a1', 'a2', 'a3', 'a4'].map((name) => pool.run('a', 'sample', work(name))),
    ...['b1', 'b2'].map((name) => pool.run('b', 'train', work(name))),
    ...['c1'].map((name) => pool.run('c', 'score', work(name))),
  ]);
  expect(order).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']);
});

it('never gives a lane to two pieces of work at once, and uses all lanes', async () => {
  const pool = poolOf(3);
  const busy = new Set<number>();
  const used = new Set<number>();
  let most = 0;
  await Promise.all(
    Array.from({ length: 40 }, (_, task) =>
      pool.run(`owner ${task % 4}`, 'train', async ({ index }) => {
        expect(busy.has(index)).toBe(false);
        busy.add(index);
        used.add(index);
        most = Math.max(most, busy.size);
        for (let turn = 0; turn <= task % 3; turn++) await Promise.resolve();
        busy.delete(index);
      }),
    ),
  );
  expect(most).toBe(3);
  expect(used.size).toBe(3);
});

it('goes on after work that fails, and tells its caller', async () => {
  const pool = poolOf(1);
  const failing = pool.run('a', 'train', () => Promise.reject(new Error('broken')));
  const next = pool.run('a', 'train', () => Promise.resolve('fine'));
  await expect(failing).rejects.toThrow('broken');
  expect(await next).toBe('fine');
});

it('accounts for the time of each kind of work', async () => {
  const pool = poolOf(2);
  await pool.run('a', 'sample', () => Promise.resolve());
  await pool.run('a', 'sample', () => Promise.resolve());
  expect(pool.seconds).toEqual({ sample: 2, score: 0, train: 0 });
});

it('gives all lanes to work that wants to be alone, in its turn, and lets nothing overtake it', async () => {
  const pool = poolOf(2);
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  let busy = 0;
  const work = (name: string, before?: Promise<void>) => async () => {
    busy++;
    await before;
    order.push(`${name} ${busy}`);
    busy--;
  };
  const first = pool.run('a', 'train', work('a1', gate.promise));
  const alone = pool.runAlone('b', 'sample', work('b'));
  const later = [pool.run('a', 'train', work('a2')), pool.run('c', 'score', work('c'))];
  gate.resolve();
  await Promise.all([first, alone, ...later]);
  expect(order.slice(0, 2)).toEqual(['a1 1', 'b 1']);
  expect(order).toHaveLength(4);
  // Alone, it occupied both lanes.
  expect(pool.seconds.sample).toBeGreaterThanOrEqual(2);
});
