import type { Clock, IdSource } from '@redqueen/core';
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    try {
      await setTimeout(ms, undefined, signal ? { signal } : {});
    } catch (error) {
      throw signal?.reason ?? error;
    }
  },
};

/** Fresh ids: random UUIDs. */
export const randomIds: IdSource = { next: () => randomUUID() };
