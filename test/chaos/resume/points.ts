import { randomOf } from '@redqueen/core';
import type { KillPoint } from './trial.ts';

/** The longest that a kill waits after an update: about the time of one. */
const longestDelayMs = 600;

/** Kill points: one of each named kind, the others at seeded moments between two updates. */
export function killPoints(count: number, updates: number, seed: number): KillPoint[] {
  const random = randomOf(seed, 'kill points');
  const update = () => 1 + random.integer(updates - 1);
  const named: KillPoint[] = [{ when: 'started' }, { when: 'stopping', update: update() }, { when: 'last-update' }, { when: 'report' }];
  const moments = Array.from(
    { length: Math.max(0, count - named.length) },
    (): KillPoint => ({
      when: 'update',
      update: update(),
      delayMs: random.integer(longestDelayMs),
    }),
  );
  return [...moments, ...named].slice(0, count);
}
