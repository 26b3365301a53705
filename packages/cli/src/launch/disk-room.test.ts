import { FakeClock } from '@redqueen/testkit';
import { expect, it } from 'vitest';
import { roomAfterFull } from './disk-room.ts';

const megabyte = 1 << 20;

/** Watches a disk that has these megabytes at one look after the other, the last one for ever. */
async function watched(...free: number[]): Promise<{ room: boolean; said: string[]; looks: number }> {
  const said: string[] = [];
  const stop = new AbortController();
  let looks = 0;
  const clock = new FakeClock();
  // Time passes at once; a disk that stays as it is is looked at often enough.
  clock.sleep = async () => {
    if (looks > free.length + 3) stop.abort();
  };
  const look = async () => (free[Math.min(looks++, free.length - 1)] ?? 0) * megabyte;
  const room = await roomAfterFull({ folder: '/data', clock, say: (line) => said.push(line), free: look }, stop.signal);
  return { room, said, looks };
}

it('says once that a disk is full, and where, and tells when it has room again', async () => {
  const { room, said } = await watched(100, 7, 3, 0, 9, 20);
  expect(room).toBe(true);
  expect(said).toEqual([
    'The disk of /data is full (7.0 MB free): nothing more can be stored. Free 16 MB; the run then goes on by itself.',
  ]);
});

it('is silent over a disk with room, and ends with its signal', async () => {
  expect(await watched(100, 9, 8)).toMatchObject({ room: false, said: [] });
  expect(await watched(100, 5)).toMatchObject({ room: false, said: [expect.stringContaining('5.0 MB free')] });
});
